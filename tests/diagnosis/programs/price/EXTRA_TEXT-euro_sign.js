const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
let cents = 0;
for (const line of lines) {
  const [count, price] = line.split(' ').map(Number);
  cents += count * Math.round(price * 100);
}
console.log('€ ' + (cents / 100).toFixed(2));
