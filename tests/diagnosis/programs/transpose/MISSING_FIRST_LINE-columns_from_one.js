const [first, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const [h, w] = first.split(' ').map(Number);
const grid = lines.map((line) => line.split(' '));
for (let column = 1; column < w; column++) {
  console.log(grid.map((row) => row[column]).join(' '));
}
