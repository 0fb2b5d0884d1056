const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const balances = {};
for (const line of lines) {
  const [command, name, amount] = line.split(' ');
  if (command === 'add') balances[name] = (balances[name] || 0) + Number(amount);
  else if (command === 'print') console.log(balances[name] ?? 'none');
}
