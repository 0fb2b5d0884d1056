const year = Number(require('fs').readFileSync(0, 'utf8'));
print(year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 'Yes' : 'No');
