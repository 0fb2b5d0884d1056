const answer = async () => '3000000046\n3000000000';
console.log(answer());
