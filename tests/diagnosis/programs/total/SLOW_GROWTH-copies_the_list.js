const [, line] = require('fs').readFileSync(0, 'utf8').split('\n');
let total = 0;
let rest = line.split(' ').map(Number);
while (rest.length > 0) {
  const [first, ...others] = rest;
  total += first;
  rest = others;
}
console.log(total);
