const [first, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const [h, w] = first.split(' ').map(Number);
const result = [];
for (let i = 0; i < h; i++) {
  const row = lines[i].split(' ');
  for (let j = 0; j < w; j++) result[j][i] = row[j];
}
console.log(result.map((row) => row.join(' ')).join('\n'));
