const [a, b] = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(Number);
const count = 0;
for (let i = a; i <= b; i++) {
  count++;
}
console.log(count);
