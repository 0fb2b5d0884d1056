const n = Number(require('fs').readFileSync(0, 'utf8'));
console.log('Countdown:');
for (let i = n; i > 0; i--) console.log(i);
