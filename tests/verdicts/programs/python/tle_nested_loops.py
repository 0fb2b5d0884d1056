total = 0
for i in range(100_000):
    for j in range(100_000):
        total += i ^ j
print(total)
