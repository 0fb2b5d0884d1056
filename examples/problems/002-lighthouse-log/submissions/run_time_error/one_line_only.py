n, k = map(int, input().split())
log = list(map(int, input().split()))
best = None
for start in range(n - k + 1):
    watch = sum(log[start + i] for i in range(k))
    best = watch if best is None else max(best, watch)
print(best)
