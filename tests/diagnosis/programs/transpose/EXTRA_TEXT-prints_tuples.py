h, w = map(int, input().split())
grid = [input().split() for _ in range(h)]
for column in zip(*grid):
    print(column)
