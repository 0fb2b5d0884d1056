const [first, second] = require('fs').readFileSync(0, 'utf8').split('\n');
const s = Number(first.split(' ')[1]);
const numbers = second.split(' ').map(Number).sort((a, b) => a - b);
for (let i = 0; i < numbers.length; i++)
  for (let j = i + 1; j < numbers.length; j++)
    if (numbers[i] + numbers[j] === s) console.log([numbers[i], numbers[j]]);
