const [first, second] = require('fs').readFileSync(0, 'utf8').split('\n');
const s = Number(first.split(' ')[1]);
const numbers = second.split(' ').map(Number);
for (const a of numbers)
  for (const b of numbers)
    if (a !== b && a + b === s) console.log(a, b);
