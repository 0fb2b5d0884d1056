import sys

sys.setrecursionlimit(10**9)


def visit(depth):
    block = bytearray(100_000)
    visit(depth + 1)
    return block


visit(0)
