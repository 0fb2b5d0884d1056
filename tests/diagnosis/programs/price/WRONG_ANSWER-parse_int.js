const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
let total = 0;
for (const line of lines) {
  const [count, price] = line.split(' ').map((word) => parseInt(word));
  total += count * price;
}
console.log(total.toFixed(2));
