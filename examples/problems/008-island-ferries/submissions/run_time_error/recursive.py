import sys

read = sys.stdin.buffer.readline
n, q = map(int, read().split())
parent = list(range(n + 1))


def root(island):
    return island if parent[island] == island else root(parent[island])


for _ in range(q):
    event, a, b = read().split()
    a, b = int(a), int(b)
    if event == b"ask":
        print("ferry" if root(a) == root(b) else "swim")
    else:
        parent[root(a)] = root(b)
