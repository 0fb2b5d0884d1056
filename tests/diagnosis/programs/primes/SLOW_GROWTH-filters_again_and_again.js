const n = Number(require('fs').readFileSync(0, 'utf8'));
let rest = [];
for (let i = 2; i <= n; i++) rest.push(i);
let count = 0;
while (rest.length > 0) {
  const prime = rest[0];
  rest = rest.filter((number) => number % prime !== 0);
  count++;
}
console.log(count);
