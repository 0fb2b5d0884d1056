n = int(input())
names = [input() for _ in range(n)]
names.sort(key=len)
for name in names:
    print(name)
