a, b = map(int, input().split())
count = 0
for (i = a; i <= b; i++):
    count += 1
print(count)
