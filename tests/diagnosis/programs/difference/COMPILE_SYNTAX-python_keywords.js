const text = require('fs').readFileSync(0, 'utf8');
const [a, b] = text.split(' ').map(Number);
if a > b:
  console.log(a - b);
