import sys

read = sys.stdin.buffer.readline
n, q = map(int, read().split())
colour = list(range(n + 1))
islands = [[island] for island in range(n + 1)]
answers = []
for _ in range(q):
    event, a, b = read().split()
    a, b = colour[int(a)], colour[int(b)]
    if event == b"ask":
        answers.append("ferry" if a == b else "swim")
    elif a != b:
        if len(islands[a]) < len(islands[b]):
            a, b = b, a
        for island in islands[b]:
            colour[island] = a
        islands[a] += islands[b]
        islands[b] = []
print("\n".join(answers))
