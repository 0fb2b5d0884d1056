const factorial = (n) => BigInt(n) * factorial(n - 1);
console.log(factorial(Number(require('fs').readFileSync(0, 'utf8'))).toString());
