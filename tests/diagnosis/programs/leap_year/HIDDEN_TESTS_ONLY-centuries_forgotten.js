const year = Number(require('fs').readFileSync(0, 'utf8'));
console.log(year % 4 === 0 ? 'Yes' : 'No');
