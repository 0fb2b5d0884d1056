import sys

read = sys.stdin.buffer.readline
n, q = map(int, read().split())
colour = list(range(n + 1))
for _ in range(q):
    event, a, b = read().split()
    a, b = colour[int(a)], colour[int(b)]
    if event == b"ask":
        print("ferry" if a == b else "swim")
    elif a != b:
        colour = [a if one == b else one for one in colour]
