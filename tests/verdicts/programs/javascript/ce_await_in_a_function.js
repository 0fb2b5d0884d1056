function answer() { await 1; }
