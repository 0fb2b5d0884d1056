const n = Number(require('fs').readFileSync(0, 'utf8'));
const lines = [];
for (let i = n; i > 0; i++) lines[0] = i;
console.log(lines.join('\n'));
