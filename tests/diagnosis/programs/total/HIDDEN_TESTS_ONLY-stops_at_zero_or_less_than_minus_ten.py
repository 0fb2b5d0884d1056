n = int(input())
total = 0
for word in input().split():
    number = int(word)
    if number < -10:
        continue
    total += number
print(total)
