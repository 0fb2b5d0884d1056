const [n, ...names] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
names.sort();
console.log(names.slice(0, -1).join('\n'));
