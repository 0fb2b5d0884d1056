let n = Number(require('fs').readFileSync(0, 'utf8'));
do {
  console.log(n);
} while (n-- > 0);
