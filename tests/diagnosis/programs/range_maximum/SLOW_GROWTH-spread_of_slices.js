const [first, second, ...queries] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const row = second.split(' ').map(Number);
for (const query of queries) {
  const [l, r] = query.split(' ').map(Number);
  console.log(row.slice(l - 1, r).reduce((a, b) => Math.max(a, b)));
}
