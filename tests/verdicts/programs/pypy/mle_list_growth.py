rows = []
while True:
    rows.append("x" * 100_000 + str(len(rows)))
