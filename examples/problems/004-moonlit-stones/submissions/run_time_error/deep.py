import sys
from functools import lru_cache

n, m, *slippery = map(int, sys.stdin.read().split())
dark = set(slippery)


@lru_cache(maxsize=None)
def ways(place):
    if place > n + 1 or place in dark:
        return 0
    if place == n + 1:
        return 1
    return (ways(place + 1) + ways(place + 2) + ways(place + 3)) % 1_000_000_007


print(ways(0))
