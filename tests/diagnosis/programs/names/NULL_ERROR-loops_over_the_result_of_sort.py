n = int(input())
names = [input() for _ in range(n)]
for name in names.sort():
    print(name)
