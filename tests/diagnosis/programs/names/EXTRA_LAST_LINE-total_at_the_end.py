n = int(input())
names = sorted(input() for _ in range(n))
for name in names:
    print(name)
print(len(names), "names")
