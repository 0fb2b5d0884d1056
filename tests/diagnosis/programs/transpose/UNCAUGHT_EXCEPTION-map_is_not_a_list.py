h, w = map(int, input().split())
grid = [map(int, input().split()) for _ in range(h)]
for column in range(w):
    print(*[grid[row][column] for row in range(h)])
