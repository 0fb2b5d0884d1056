require('http')
  .createServer()
  .listen(8080, () => console.log('3000000046\n3000000000'));
