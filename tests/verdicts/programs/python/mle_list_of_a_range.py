print(sum(list(range(100_000_000))))
