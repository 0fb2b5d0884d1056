n = int(input())
names = [int(input()) for _ in range(n)]
names.sort()
for name in names:
    print(name)
