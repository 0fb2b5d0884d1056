console.log('3000000046\n3000000000');
setTimeout(() => {
  throw new Error('too late');
}, 5);
