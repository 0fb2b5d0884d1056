const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const balances = {};
for (const line of lines) {
  const [command, name, amount] = line.split(' ');
  if (command === 'add') balances[name] = (balances[name] || 0) + Number(amount);
  else console.log(balances[name] === undefined ? 'None' : balances[name]);
}
