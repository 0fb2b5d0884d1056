n = int(input())
print(n, "seconds")
for i in range(n, 0, -1):
    print(i)
