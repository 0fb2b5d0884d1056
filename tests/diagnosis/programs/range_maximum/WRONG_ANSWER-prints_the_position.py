n, q = map(int, input().split())
row = list(map(int, input().split()))
for _ in range(q):
    l, r = map(int, input().split())
    best = max(row[l - 1 : r])
    print(row.index(best) + 1)
