n = int(input())
while n > 0:
    print("n is", n)
    print(n)
    n -= 1
