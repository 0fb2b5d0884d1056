const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);
const count = b - a + 1;
console.log(count());
