const [, line] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
let total = 0;
for (const word of line.split(' ')) {
  console.log('adding', word);
  total += Number(word);
}
console.log(total);
