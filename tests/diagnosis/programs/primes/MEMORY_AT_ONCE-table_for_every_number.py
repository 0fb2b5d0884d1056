MAX = 100_000_000
flags = [True] * (MAX + 1)
n = int(input())
count = 0
for i in range(2, n + 1):
    if flags[i]:
        count += 1
        for j in range(i * i, n + 1, i):
            flags[j] = False
print(count)
