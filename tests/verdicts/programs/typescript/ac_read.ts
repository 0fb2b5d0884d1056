import * as fs from 'fs';
const numbers: number[] = fs.readFileSync(0, 'utf8').trim().split('\n')[1].split(' ').map(Number);
console.log(numbers.reduce((a, b) => a + b));
console.log(Math.max(...numbers));
