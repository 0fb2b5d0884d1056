const [n, ...names] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
names.sort();
names.foreach((name) => console.log(name));
