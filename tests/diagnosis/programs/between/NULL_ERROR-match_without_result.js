const text = require('fs').readFileSync(0, 'utf8');
const [a] = text.match(/a=(\d+)/);
console.log(Number(a));
