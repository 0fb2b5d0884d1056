line = "x" * 100_000
loop { puts line }
