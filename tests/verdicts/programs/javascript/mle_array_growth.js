const rows = [];
for (;;) rows.push(new Array(100000).fill(1.5));
