n = int(input())
numbers = list(range(n + 1))
flags = [[True] for _ in range(n + 1)]
count = 0
for i in range(2, n + 1):
    if flags[i][0]:
        count += 1
        for j in range(i * i, n + 1, i):
            flags[j][0] = False
print(count)
