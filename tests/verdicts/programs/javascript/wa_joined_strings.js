const [, ...numbers] = require('fs').readFileSync(0, 'utf8').trim().split(/\s+/);
console.log(numbers.reduce((a, b) => a + b));
console.log(numbers[2]);
