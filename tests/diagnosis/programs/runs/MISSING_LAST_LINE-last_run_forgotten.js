const text = require('fs').readFileSync(0, 'utf8').trim();
let count = 0;
for (let i = 0; i < text.length; i++) {
  if (i > 0 && text[i] !== text[i - 1]) {
    console.log(text[i - 1], count);
    count = 0;
  }
  count++;
}
