let total = 0;
for (let i = 0; i < 1e10; i++) total = (total * 31 + i) % 1000003;
console.log(total);
