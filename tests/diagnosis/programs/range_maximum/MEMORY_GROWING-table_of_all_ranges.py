n, q = map(int, input().split())
row = list(map(int, input().split()))
best = [[0] * n for _ in range(n)]
for l in range(n):
    best[l][l] = row[l]
    for r in range(l + 1, n):
        best[l][r] = max(best[l][r - 1], row[r])
for _ in range(q):
    l, r = map(int, input().split())
    print(best[l - 1][r - 1])
