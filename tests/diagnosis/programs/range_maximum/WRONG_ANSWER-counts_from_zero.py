n, q = map(int, input().split())
row = list(map(int, input().split()))
for _ in range(q):
    l, r = map(int, input().split())
    print(max(row[l : r + 1]))
