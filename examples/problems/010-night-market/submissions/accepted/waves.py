import sys
from collections import deque

rows, columns = map(int, sys.stdin.readline().split())
width = columns + 1
walled = ["#" + sys.stdin.readline().strip() for _ in range(rows)]
market = "#" * width + "".join(walled) + "#" * (width + 1)
ends = {}
for place, square in enumerate(market):
    if square.isdigit():
        ends.setdefault(square, []).append(place)
tunnels = {a: b for pair in ends.values() for a, b in (pair, pair[::-1])}
goal = market.index("L")
steps = {market.index("S"): 0}
todo = deque(steps)
while todo and goal not in steps:
    place = todo.popleft()
    around = [place - 1, place + 1, place - width, place + width]
    if place in tunnels:
        around.append(tunnels[place])
    for other in around:
        if market[other] != "#" and other not in steps:
            steps[other] = steps[place] + 1
            todo.append(other)
print(steps.get(goal, -1))
