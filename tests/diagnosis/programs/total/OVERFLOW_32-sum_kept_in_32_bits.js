const [, line] = require('fs').readFileSync(0, 'utf8').split('\n');
let total = 0;
for (const word of line.split(' ')) total = (total + Number(word)) >> 0;
console.log(total);
