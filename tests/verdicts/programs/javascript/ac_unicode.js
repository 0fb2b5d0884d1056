const 합계 = 3000000046;
console.error('합계 ☃');
console.log(합계, 3000000000);
