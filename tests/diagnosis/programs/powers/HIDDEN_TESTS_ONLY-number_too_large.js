const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
for (const line of lines) {
  const [b, e, m] = line.split(' ').map(Number);
  console.log((b ** e) % m);
}
