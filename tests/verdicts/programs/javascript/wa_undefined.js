const numbers = require('fs').readFileSync(0, 'utf8').split('\n')[1].split(' ').map(Number);
console.log(numbers.reduce((a, b) => a + b));
console.log(numbers[numbers.length]);
