const [first, second] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const edges = [];
for (let i = 0; i < 20000; i++) edges.push(new Array(20000).fill(0));
second.split(' ').forEach((parent, index) => (edges[Number(parent)][index + 2] = 1));
console.log(edges.length);
