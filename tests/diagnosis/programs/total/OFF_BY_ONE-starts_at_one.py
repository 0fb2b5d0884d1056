n = int(input())
total = 1
for number in input().split():
    total += int(number)
print(total)
