const [n, ...names] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
for (const name of names.sort()) console.log(JSON.stringify(name));
