n = int(input())
count = 0
for i in range(2, n + 1):
    j = 2
    while j * j <= i and i % j != 0:
        j += 1
    if j * j > i:
        count += 1
print(count)
