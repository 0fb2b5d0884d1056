const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const balances = new Map();
for (const line of lines) {
  const [command, name, amount] = line.split(' ');
  if (command === 'add') balances.set(name, (balances.get(name) || 0) + Number(amount));
  else if (balances.has(name)) console.log(balances.get(name));
}
