console.log('3000000046\n3000000000');
Promise.reject(new Error('nobody awaits this'));
