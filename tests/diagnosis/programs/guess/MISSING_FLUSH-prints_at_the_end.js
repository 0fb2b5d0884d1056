const reader = require('readline').createInterface({ input: process.stdin });
let low = 1, high = 1000, output = '500\n';
reader.on('line', (answer) => {
  const middle = (low + high) >> 1;
  if (answer === 'right') return reader.close();
  if (answer === 'higher') low = middle + 1;
  else high = middle - 1;
  output += ((low + high) >> 1) + '\n';
});
reader.on('close', () => process.stdout.write(output));
