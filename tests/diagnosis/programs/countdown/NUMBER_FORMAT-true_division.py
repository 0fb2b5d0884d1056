n = int(input())
for i in range(2 * n, 0, -2):
    print(i / 2)
