const n = Number(require('fs').readFileSync(0, 'utf8'));
let result = 1;
for (let i = 2; i <= n; i++) result = Math.imul(result, i);
console.log(result);
