n = int(input())
names = [input() for _ in range(n)]
names.sort(reverse=True)
for name in names:
    print(name)
