const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
let total = 0;
for (const line of lines) {
  const [count, price] = line.split(' ').map(Number);
  total += count * price;
}
console.log(Math.round(total));
