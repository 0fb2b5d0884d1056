const fs = require('fs');
const [a, b] = fs.readFileSync('input.txt', 'utf8').split(' ').map(Number);
console.log(a - b);
