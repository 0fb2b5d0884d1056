const [head, ...rest] = require('fs').readFileSync(0, 'utf8').split('\n');
const [rows, columns] = head.split(' ').map(Number);
const width = columns + 2;
const market = [' '.repeat(columns), ...rest.slice(0, rows), ' '.repeat(columns)]
  .map((row) => `#${row.trim().padEnd(columns, '#')}#`)
  .join('');
const ends = {};
for (let place = 0; place < market.length; place++)
  if (market[place] >= '0' && market[place] <= '9') (ends[market[place]] ||= []).push(place);
const steps = new Int32Array(market.length).fill(-1);
const todo = [market.indexOf('S')];
steps[todo[0]] = 0;
for (let i = 0; i < todo.length; i++) {
  const place = todo[i];
  const tunnel = ends[market[place]] || [];
  for (const other of [place - 1, place + 1, place - width, place + width, ...tunnel])
    if (market[other] !== '#' && steps[other] < 0) {
      steps[other] = steps[place] + 1;
      todo.push(other);
    }
}
console.log(steps[market.indexOf('L')]);
