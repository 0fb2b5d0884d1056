const [, line] = require('fs').readFileSync(0, 'utf8').split('\n');
console.log(line.split(' ').reduce((sum, word) => sum + Number(word), 1));
