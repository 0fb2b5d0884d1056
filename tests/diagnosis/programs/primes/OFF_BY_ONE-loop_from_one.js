const n = Number(require('fs').readFileSync(0, 'utf8'));
const flags = new Uint8Array(n + 1).fill(1);
let count = 0;
for (let i = 1; i <= n; i++) {
  if (!flags[i]) continue;
  count++;
  if (i > 1) for (let j = i * 2; j <= n; j += i) flags[j] = 0;
}
console.log(count);
