const [count, ...rest] = require('fs').readFileSync(0, 'utf8').split('\n');
const lines = rest.slice(0, Number(count));
const width = Math.max(...lines.map((line) => line.length));
const edge = '*'.repeat(width + 4);
const framed = lines.map((line) => {
  const left = Math.floor((width - line.length) / 2);
  return `* ${(' '.repeat(left) + line).padEnd(width)} *`;
});
console.log([edge, ...framed, edge].join('\n'));
