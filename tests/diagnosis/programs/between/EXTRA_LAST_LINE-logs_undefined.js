const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);
function solve() {
  console.log(b - a + 1);
}
console.log(solve());
