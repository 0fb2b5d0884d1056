n = int(input())
names = [input().lower() for _ in range(n)]
names.sort()
for name in names:
    print(name)
