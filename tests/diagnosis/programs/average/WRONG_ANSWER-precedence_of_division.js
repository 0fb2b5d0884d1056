const [first, second] = require('fs').readFileSync(0, 'utf8').split('\n');
const numbers = second.split(' ').map(Number);
let sum = 0;
for (let i = 0; i < numbers.length - 1; i++) sum += numbers[i];
console.log(sum + numbers[numbers.length - 1] / numbers.length);
