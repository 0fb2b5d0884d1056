const block = Buffer.alloc(1 << 20, 'x');
for (;;) require('fs').writeSync(1, block);
