import sys

read = sys.stdin.buffer.readline
n, q = map(int, read().split())
lines = set()
for _ in range(q):
    event, a, b = read().split()
    if event == b"ask":
        print("ferry" if a == b or (a, b) in lines else "swim")
    else:
        lines |= {(a, b), (b, a)}
