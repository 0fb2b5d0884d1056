const table = new Float64Array(100_000_000).fill(1);
console.log(table.length);
