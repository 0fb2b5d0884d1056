import sys

n, k, *log = map(int, sys.stdin.buffer.read().split())
print(max(sum(log[start : start + k]) for start in range(n - k + 1)))
