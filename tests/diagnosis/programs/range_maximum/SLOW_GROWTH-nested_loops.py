n, q = map(int, input().split())
row = list(map(int, input().split()))
for _ in range(q):
    l, r = map(int, input().split())
    best = row[l - 1]
    for i in range(l, r):
        if row[i] > best:
            best = row[i]
    print(best)
