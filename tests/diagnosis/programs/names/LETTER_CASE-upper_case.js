const [n, ...names] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
console.log(names.map((name) => name.toUpperCase()).sort().join('\n'));
