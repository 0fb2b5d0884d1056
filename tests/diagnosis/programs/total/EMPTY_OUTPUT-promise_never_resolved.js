const lines = require('fs').readFileSync(0, 'utf8').split('\n');
async function main() {
  const numbers = await new Promise((resolve) => lines[1].split(' ').map(Number));
  console.log(numbers.reduce((a, b) => a + b));
}
main();
