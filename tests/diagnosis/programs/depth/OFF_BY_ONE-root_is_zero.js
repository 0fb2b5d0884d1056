const [, line] = require('fs').readFileSync(0, 'utf8').split('\n');
const depths = [0, 0];
let best = 0;
for (const parent of line.split(' ').map(Number)) {
  depths.push(depths[parent] + 1);
  best = Math.max(best, depths[depths.length - 1]);
}
console.log(best);
