const seen = new Map();
for (let i = 0; ; i++) seen.set(i, new Array(1000).fill(i));
