const [n, ...lines] = require('fs').readFileSync(0, 'utf8').trim().split('\n');
const accounts = new Map();
for (const line of lines) {
  const [command, name, amount] = line.split(' ');
  if (command === 'add') {
    if (!accounts.has(name)) accounts.set(name, { balance: 0 });
    accounts.get(name).balance += Number(amount);
  } else {
    console.log(accounts.get(name).balance);
  }
}
