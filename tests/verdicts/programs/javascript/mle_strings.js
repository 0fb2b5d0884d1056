const texts = [];
for (;;) texts.push(Buffer.alloc(1 << 20, 'x').toString('latin1'));
