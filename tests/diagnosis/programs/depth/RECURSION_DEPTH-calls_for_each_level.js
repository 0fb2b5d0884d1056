const [, line] = require('fs').readFileSync(0, 'utf8').split('\n');
const parents = [0, 0, ...line.split(' ').map(Number)];
const depth = (node) => (node === 1 ? 1 : depth(parents[node]) + 1);
let best = 0;
for (let node = parents.length - 1; node > 0; node--) best = Math.max(best, depth(node));
console.log(best);
