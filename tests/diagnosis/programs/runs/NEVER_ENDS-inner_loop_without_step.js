const text = require('fs').readFileSync(0, 'utf8').trim();
let i = 0;
let output = '';
while (i < text.length) {
  let length = 0;
  while (text[i] === text[i + length]) length += 0;
  output += text[i] + ' ' + length + '\n';
  i += length;
}
console.log(output);
