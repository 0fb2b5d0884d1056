setTimeout(() => console.log('3000000046\n3000000000'), 20);
