n, seats = map(int, input().split())
cabins = empty = left = 0
for group in map(int, input().split()):
    if group > left:
        cabins, empty, left = cabins + 1, empty + left, seats
    left -= group
print(cabins, empty + left)
