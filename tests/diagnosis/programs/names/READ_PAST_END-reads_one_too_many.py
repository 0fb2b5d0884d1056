n = int(input())
names = [input() for _ in range(n + 1)]
names.sort()
for name in names:
    print(name)
