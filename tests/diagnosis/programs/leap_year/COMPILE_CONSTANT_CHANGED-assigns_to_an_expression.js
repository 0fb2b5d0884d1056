const year = Number(require('fs').readFileSync(0, 'utf8'));
if (year % 4 = 0) console.log('Yes');
else console.log('No');
