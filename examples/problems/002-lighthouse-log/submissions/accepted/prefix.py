import sys
from itertools import accumulate

n, k, *log = map(int, sys.stdin.buffer.read().split())
sums = [0, *accumulate(log)]
print(max(map(int.__sub__, sums[k:], sums)))
