const [first, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const [h, w] = first.split(' ').map(Number);
const grid = lines.map((line) => line.split(' '));
for (let column = 0; column < w; column++) {
  const row = [];
  for (let i = 0; i < w; i++) row.push(grid[i][column]);
  console.log(row.join(' '));
}
