const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const balances = {};
for (const line of lines) {
  const [command, name, amount] = line.split(' ');
  if (command === 'add') balances[name] += Number(amount);
  else console.log(name in balances ? balances[name] : 'none');
}
