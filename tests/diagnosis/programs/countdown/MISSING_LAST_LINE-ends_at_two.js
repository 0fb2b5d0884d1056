const n = Number(require('fs').readFileSync(0, 'utf8'));
for (let i = n; i > 1; i--) console.log(i);
