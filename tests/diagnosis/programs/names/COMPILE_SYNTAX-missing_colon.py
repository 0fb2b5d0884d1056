n = int(input())
names = []
for i in range(n)
    names.append(input())
names.sort()
print("\n".join(names))
