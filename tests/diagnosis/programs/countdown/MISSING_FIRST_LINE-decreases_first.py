n = int(input())
while n > 1:
    n -= 1
    print(n)
