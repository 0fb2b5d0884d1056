const n = Number(require('fs').readFileSync(0, 'utf8'));
for (let i = n - 1; i >= 0; i--) console.log(i);
