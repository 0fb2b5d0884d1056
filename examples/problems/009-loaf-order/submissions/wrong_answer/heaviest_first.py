n, order = map(int, input().split())
loaves = 0
for weight in sorted(map(int, input().split()), reverse=True):
    loaves += order // weight
    order %= weight
print(loaves if order == 0 else -1)
