const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
for (const line of lines) {
  let [b, e, m] = line.split(' ').map(BigInt);
  let result = 1n;
  while (e > 0n) {
    if (e % 2n === 1n) result = (result * b) % m;
    b = (b * b) % m;
  }
  console.log(result.toString());
}
