n = int(input())
names = [input() for _ in range(n)]
sorted(names)
for name in names:
    print(name)
