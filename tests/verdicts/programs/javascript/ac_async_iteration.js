(async () => {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  const [, ...numbers] = text.trim().split(/\s+/).map(BigInt);
  console.log(String(numbers.reduce((a, b) => a + b)));
  console.log(String(numbers.reduce((a, b) => (a > b ? a : b))));
})();
