const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const a = Number(lines[0].trim());
const b = Number(lines[1].trim());
console.log(a - b);
