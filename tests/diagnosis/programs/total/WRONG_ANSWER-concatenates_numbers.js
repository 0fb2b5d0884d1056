const [, line] = require('fs').readFileSync(0, 'utf8').split('\n');
let total = '';
for (const word of line.split(' ')) total += word;
console.log(total);
