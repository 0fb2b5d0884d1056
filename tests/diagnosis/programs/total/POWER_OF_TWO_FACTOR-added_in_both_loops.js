const [, line] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
let total = 0;
const numbers = line.split(' ').map(Number);
numbers.forEach((number) => (total += number));
for (const number of numbers) total += number;
console.log(total);
