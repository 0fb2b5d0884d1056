n, seats = map(int, input().split())
cabins, left = [], 0
for group in map(int, input().split()):
    if group > left:
        cabins.append(bytearray(b"e") * seats)
        left = seats
    cabins[-1][seats - left : seats - left + group] = b"t" * group
    left -= group
print(len(cabins), sum(cabin.count(b"e") for cabin in cabins))
