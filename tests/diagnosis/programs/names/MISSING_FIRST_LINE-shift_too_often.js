const names = require('fs').readFileSync(0, 'utf8').trim().split('\n');
names.shift();
names.sort();
names.shift();
console.log(names.join('\n'));
