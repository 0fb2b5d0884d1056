const [, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
console.log(lines.join('\n'));
