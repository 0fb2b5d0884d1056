n = int(input())
names = [input() for _ in range(n)]
for name in sorted(names, key=lambda name: name[-1]):
    print(name)
