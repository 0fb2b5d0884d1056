n = int(input())
names = [input() for _ in range(n)]
for i in range(n):
    for j in range(n):
        if names[j] > names[j + 1]:
            names[j], names[j + 1] = names[j + 1], names[j]
print("\n".join(names))
