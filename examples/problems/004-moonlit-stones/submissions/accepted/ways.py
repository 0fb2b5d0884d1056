import sys

n, m, *slippery = map(int, sys.stdin.read().split())
dark = set(slippery)
a, b, c = 0, 0, 1
for place in range(1, n + 2):
    a, b, c = b, c, 0 if place in dark else (a + b + c) % 1_000_000_007
print(c)
