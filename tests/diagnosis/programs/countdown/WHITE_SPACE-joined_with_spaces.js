const n = Number(require('fs').readFileSync(0, 'utf8'));
const numbers = [];
for (let i = n; i > 0; i--) numbers.push(i);
console.log(numbers.join(' '));
