n = int(input())
total = count = 0
for number in map(int, input().split()):
    total += number
print(total / count)
