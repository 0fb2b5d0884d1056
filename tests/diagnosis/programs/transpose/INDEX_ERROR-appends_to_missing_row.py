h, w = map(int, input().split())
result = []
for row in range(h):
    values = input().split()
    for column in range(w):
        result[column].append(values[column])
for row in result:
    print(*row)
