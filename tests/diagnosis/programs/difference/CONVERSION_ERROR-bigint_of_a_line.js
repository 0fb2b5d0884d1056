const a = BigInt(require('fs').readFileSync(0, 'utf8'));
console.log((a - a).toString());
