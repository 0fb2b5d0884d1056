const text = require('fs').readFileSync(0, 'utf8').trim();
const [a, b] = text.split(',').map(Number);
console.log(a - b);
