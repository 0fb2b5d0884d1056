n = int(input())
names = {}
for _ in range(n):
    name = input()
    names[name[0]] = name
for name in sorted(names.values()):
    print(name)
