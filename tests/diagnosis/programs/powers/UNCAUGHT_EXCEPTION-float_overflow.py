n = int(input())
for _ in range(n):
    b, e, m = map(int, input().split())
    print(int(float(b) ** e) % m)
