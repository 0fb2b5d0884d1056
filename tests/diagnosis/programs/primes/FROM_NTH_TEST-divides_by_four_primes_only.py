n = int(input())
count = 0
for i in range(2, n + 1):
    if i in (2, 3, 5, 7) or all(i % p for p in (2, 3, 5, 7)):
        count += 1
print(count)
