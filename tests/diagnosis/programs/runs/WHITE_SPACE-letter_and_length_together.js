const text = require('fs').readFileSync(0, 'utf8').trim();
for (const run of text.match(/(.)\1*/g)) console.log(run[0] + run.length);
