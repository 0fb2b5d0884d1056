const [a, b] = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(Number);
const count = b - a;
const count = count + 1;
console.log(count);
