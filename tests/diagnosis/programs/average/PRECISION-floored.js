const [first, second] = require('fs').readFileSync(0, 'utf8').split('\n');
const sum = second.split(' ').reduce((total, word) => total + Number(word), 0);
console.log(Math.floor(sum / Number(first)));
