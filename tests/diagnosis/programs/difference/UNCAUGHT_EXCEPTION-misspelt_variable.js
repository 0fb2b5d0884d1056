const input = require('fs').readFileSync(0, 'utf8').trim();
const [a, b] = inpt.split(' ').map(Number);
console.log(a - b);
