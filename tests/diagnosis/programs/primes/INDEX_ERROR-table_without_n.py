n = int(input())
flags = [True] * n
count = 0
for i in range(2, n + 1):
    if flags[i]:
        count += 1
        for j in range(i * i, n, i):
            flags[j] = False
print(count)
