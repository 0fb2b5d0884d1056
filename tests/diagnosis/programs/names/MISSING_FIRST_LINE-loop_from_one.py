n = int(input())
names = sorted(input() for _ in range(n))
for i in range(1, n):
    print(names[i])
