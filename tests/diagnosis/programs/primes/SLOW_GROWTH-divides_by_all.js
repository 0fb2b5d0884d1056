const n = Number(require('fs').readFileSync(0, 'utf8'));
let count = 0;
for (let i = 2; i <= n; i++) {
  let isPrime = true;
  for (let j = 2; j < i; j++) {
    if (i % j === 0) isPrime = false;
  }
  if (isPrime) count++;
}
console.log(count);
