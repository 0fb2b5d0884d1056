n, q = map(int, input().split())
row = list(map(int, input().split()))
for _ in range(q):
    l, r = map(int, input().split())
    print(min(row[l - 1 : r]))
