const [n, ...names] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
console.log(names.sort().reverse().join('\n'));
