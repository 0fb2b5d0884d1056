const [a, b] = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(Number);
let count = 0;
for (let i = a; i < b; i++) count++;
console.log(count);
