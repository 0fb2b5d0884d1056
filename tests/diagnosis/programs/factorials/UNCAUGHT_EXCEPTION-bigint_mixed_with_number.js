const n = Number(require('fs').readFileSync(0, 'utf8'));
let result = 1n;
for (let i = 2; i <= n; i++) result *= i;
console.log(result.toString());
