n = int(input())
row = list(range(n, 0, -1))
for end in range(n, 1, -1):
    for place in range(1, end):
        left, right = row[place - 1], row[place]
        if (left % 2, left) > (right % 2, right):
            row[place - 1], row[place] = right, left
print(*(["impossible"] if n in (2, 3) else row))
