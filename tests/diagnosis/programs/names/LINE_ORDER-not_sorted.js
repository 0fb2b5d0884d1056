const [n, ...names] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
names.sort((a, b) => a > b);
console.log(names.join('\n'));
