const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);
let count = 0;
let i = a;
while (i !== b + 0.5) {
  i += 1;
  count += 1;
}
console.log(count);
