const lines = require('readline').createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => Number((await lines.next()).value);

async function height(post) {
  process.stdout.write(`? ${post}\n`);
  return next();
}

(async () => {
  let low = 1;
  let high = await next();
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await height(middle)) < (await height(middle + 1))) low = middle + 1;
    else high = middle;
  }
  process.stdout.write(`! ${low}\n`, () => process.exit(0));
})();
