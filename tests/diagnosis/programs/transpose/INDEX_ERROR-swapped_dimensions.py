h, w = map(int, input().split())
grid = [list(map(int, input().split())) for _ in range(h)]
for column in range(h):
    print(*[grid[row][column] for row in range(w)])
