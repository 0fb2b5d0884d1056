const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
let total = 0;
for (let i = 1; i <= Number(lines[0]); i++) {
  for (const word of lines[i].split(' ')) total += Number(word);
}
console.log(total);
