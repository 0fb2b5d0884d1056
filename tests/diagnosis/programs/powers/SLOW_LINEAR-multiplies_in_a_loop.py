n = int(input())
for _ in range(n):
    b, e, m = map(int, input().split())
    result = 1
    for _ in range(e):
        result = result * b % m
    print(result)
