const reader = require('readline').createInterface({ input: process.stdin });
let low = 1, high = 1000;
const ask = () => console.log((low + high) >> 1);
reader.on('line', (answer) => {
  const middle = (low + high) >> 1;
  if (answer === 'right') process.exit(0);
  if (answer === 'lower') low = middle + 1;
  else high = middle - 1;
  ask();
});
ask();
