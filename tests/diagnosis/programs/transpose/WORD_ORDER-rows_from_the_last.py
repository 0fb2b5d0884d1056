h, w = map(int, input().split())
grid = [input().split() for _ in range(h)]
grid.reverse()
for column in zip(*grid):
    print(*column)
