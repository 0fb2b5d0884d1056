const year = Number(require('fs').readFileSync(0, 'utf8'));
if (year % 400 === 0) {
  console.log('Yes');
  break;
}
console.log(year % 4 === 0 && year % 100 !== 0 ? 'Yes' : 'No');
