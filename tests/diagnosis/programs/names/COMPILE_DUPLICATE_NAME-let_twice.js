let names = require('fs').readFileSync(0, 'utf8').trim().split('\n');
let names = names.slice(1);
console.log(names.sort().join('\n'));
