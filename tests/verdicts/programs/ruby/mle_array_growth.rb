rows = []
loop { rows << "x" * 100_000 }
