h, w = map(int, input().split())
grid = [input().split() for _ in range(h)]
for column in range(w - 1):
    print(*[grid[row][column] for row in range(h)])
