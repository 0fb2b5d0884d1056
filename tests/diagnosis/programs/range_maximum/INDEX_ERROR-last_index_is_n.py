n, q = map(int, input().split())
row = list(map(int, input().split()))
for _ in range(q):
    l, r = map(int, input().split())
    best = -10**9
    for i in range(l, r + 1):
        best = max(best, row[i])
    print(best)
