const depth = (n) => (n === 0 ? 0 : 1 + depth(n - 1));
if (depth(50000) === 50000) console.log('3000000046\n3000000000');
