const lines = require('fs').readFileSync('/dev/stdin').toString().trim().split('\n');
const numbers = lines[1].split(' ').map(Number);
console.log(`${numbers.reduce((a, b) => a + b)}\n${Math.max(...numbers)}`);
