a, b = map(int, input().split())
count = 0
for number in range(a, b):
    count += 1
print(count)
