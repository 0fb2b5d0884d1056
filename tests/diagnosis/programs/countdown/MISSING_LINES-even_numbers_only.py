n = int(input())
for i in range(n, 0, -1):
    if i % 2 == 0 or i == n:
        print(i)
