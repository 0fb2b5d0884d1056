const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);
if (a > b { console.log(a - b); } else { console.log(a - b); }
