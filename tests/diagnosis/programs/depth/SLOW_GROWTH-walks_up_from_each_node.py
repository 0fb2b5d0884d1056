n = int(input())
parent = [0, 0] + list(map(int, input().split()))
best = 0
for node in range(1, n + 1):
    length = 1
    while node != 1:
        node = parent[node]
        length += 1
    best = max(best, length)
print(best)
