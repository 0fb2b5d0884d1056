const numbers = require('fs').readFileSync(0, 'utf8').split(',').map(Number);
console.log(numbers.reduce((a, b) => a + b), Math.max(...numbers));
