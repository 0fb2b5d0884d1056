const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
let at = 0;
function next() {
  if (at >= lines.length) throw new Error('no more input');
  return lines[at++];
}
let total = 0;
const n = Number(next());
for (let i = 0; i < n; i++) total += Number(next());
console.log(total);
