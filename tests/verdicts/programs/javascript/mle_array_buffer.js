const block = new ArrayBuffer(2 ** 40);
console.log(block.byteLength);
