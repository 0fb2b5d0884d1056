const [first, second, ...queries] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const row = second.split(' ').map(Number);
const n = row.length;
const best = [];
for (let l = 0; l < n; l++) {
  best.push(new Array(n).fill(0));
  best[l][l] = row[l];
  for (let r = l + 1; r < n; r++) best[l][r] = Math.max(best[l][r - 1], row[r]);
}
const answers = queries.map((query) => {
  const [l, r] = query.split(' ').map(Number);
  return best[l - 1][r - 1];
});
console.log(answers.join('\n'));
