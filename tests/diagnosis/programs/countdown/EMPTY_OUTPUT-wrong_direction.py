n = int(input())
for i in range(n, 0):
    print(i)
