n = int(input())
names = []
for i in range(n):
        names.append(input())
    print(i)
names.sort()
print("\n".join(names))
