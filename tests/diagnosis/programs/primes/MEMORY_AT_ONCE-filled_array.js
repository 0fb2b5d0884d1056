const flags = new Array(100000000).fill(true);
const n = Number(require('fs').readFileSync(0, 'utf8'));
let count = 0;
for (let i = 2; i <= n; i++) {
  if (!flags[i]) continue;
  count++;
  for (let j = i * i; j <= n; j += i) flags[j] = false;
}
console.log(count);
