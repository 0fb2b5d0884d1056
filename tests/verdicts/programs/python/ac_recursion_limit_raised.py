import sys

sys.setrecursionlimit(50_000)


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


if depth(20_000) == 20_000:
    print("3000000046\n3000000000")
