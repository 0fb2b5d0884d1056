const [first, second] = require('fs').readFileSync(0, 'utf8').split('\n');
const n = Number(first);
const numbers = second.split(' ').map(Number);
let total = 0;
for (let i = 0; i <= n; i++) total += numbers[i];
console.log(total);
