import sys

n, k, *log = map(int, sys.stdin.buffer.read().split())
window = sum(log[:k])
best = max(0, window)
for i in range(k, n):
    window += log[i] - log[i - k]
    best = max(best, window)
print(best)
