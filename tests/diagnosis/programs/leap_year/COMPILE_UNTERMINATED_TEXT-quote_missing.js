const year = Number(require('fs').readFileSync(0, 'utf8'));
const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
console.log(isLeap ? 'Yes : 'No');
