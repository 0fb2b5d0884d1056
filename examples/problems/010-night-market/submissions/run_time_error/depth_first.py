rows, columns = map(int, input().split())
market = ["#" * (columns + 2), *(f"#{input()}#" for _ in range(rows)), "#" * (columns + 2)]
squares = {(r, c): square for r, row in enumerate(market) for c, square in enumerate(row)}
places = {square: place for place, square in squares.items()}
steps = {}


def walk(r, c, count):
    if squares[r, c] == "#" or steps.get((r, c), count + 1) <= count:
        return
    steps[r, c] = count
    for other in ((r + 1, c), (r, c + 1), (r - 1, c), (r, c - 1)):
        walk(*other, count + 1)
    if squares[r, c].isdigit():
        for place, square in squares.items():
            if square == squares[r, c]:
                walk(*place, count + 1)


walk(*places["S"], 0)
print(steps.get(places["L"], -1))
