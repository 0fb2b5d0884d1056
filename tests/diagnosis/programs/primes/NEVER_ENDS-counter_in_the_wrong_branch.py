n = int(input())
i = 2
count = 0
while i <= n:
    if all(i % j for j in range(2, int(i**0.5) + 1)):
        count += 1
    else:
        i += 1
print(count)
