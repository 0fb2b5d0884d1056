const names = require('fs').readFileSync(0, 'utf8').trim().split('\n');
names.sort();
for (const name of names) console.log(name);
