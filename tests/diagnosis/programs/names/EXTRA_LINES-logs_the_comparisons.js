const [n, ...names] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
names.sort((a, b) => {
  console.log(a, b);
  return a < b ? -1 : 1;
});
console.log(names.join('\n'));
