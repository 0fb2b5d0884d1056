const n = Number(require('fs').readFileSync(0, 'utf8'));
let text = '';
for (let i = n; i > 0; i--) text += i + '\t';
console.log(text);
