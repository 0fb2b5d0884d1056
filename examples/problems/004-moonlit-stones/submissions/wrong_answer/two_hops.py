import sys

n, m, *slippery = map(int, sys.stdin.read().split())
dark = set(slippery)
b, c = 0, 1
for place in range(1, n + 2):
    b, c = c, 0 if place in dark else (b + c) % 1_000_000_007
print(c)
