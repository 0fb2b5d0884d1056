n = int(input())
for _ in range(n):
    e, b, m = map(int, input().split())
    print(pow(b, e % 1000, m))
