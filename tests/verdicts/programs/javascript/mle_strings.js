const texts = [];
for (let i = 0; ; i++) texts.push(`${i}`.repeat(1000));
