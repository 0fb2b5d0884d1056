const n = Number(require('fs').readFileSync(0, 'utf8'));
const lines = [];
function count(i) {
  lines.push(i);
  if (i !== 0.5) count(i - 1);
}
count(n);
console.log(lines.join('\n'));
