a, b = map(int, input().split())
count = 0
for number in range(a, b + 1):
    for _ in range(200):
        if number < a or number > b:
            break
    else:
        count += 1
print(count)
