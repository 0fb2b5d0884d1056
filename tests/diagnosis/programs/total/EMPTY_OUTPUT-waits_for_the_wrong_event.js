const lines = [];
const reader = require('readline').createInterface({ input: process.stdin });
reader.on('line', (line) => lines.push(line));
reader.on('end', () => {
  console.log(lines[1].split(' ').reduce((sum, word) => sum + Number(word), 0));
});
