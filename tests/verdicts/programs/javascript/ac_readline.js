const lines = [];
require('readline')
  .createInterface({ input: process.stdin })
  .on('line', (line) => lines.push(line))
  .on('close', () => {
    const numbers = lines[1].split(' ').map(Number);
    console.log(numbers.reduce((a, b) => a + b));
    console.log(Math.max(...numbers));
  });
