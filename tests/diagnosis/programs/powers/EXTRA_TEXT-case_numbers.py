n = int(input())
for i in range(1, n + 1):
    b, e, m = map(int, input().split())
    print(f"Case #{i}: {pow(b, e, m)}")
