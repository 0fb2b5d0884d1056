h, w = map(int, input().split())
grid = [input().split() for _ in range(h)]

def show(grid):
    for column in zip(*grid):
        print(*column)
