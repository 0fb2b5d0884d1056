def power(b, e, m):
    if e == 0:
        return 1
    return b * power(b, e - 1, m) % m

n = int(input())
for _ in range(n):
    b, e, m = map(int, input().split())
    print(power(b, e, m))
