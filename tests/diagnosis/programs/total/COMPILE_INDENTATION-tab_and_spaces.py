n = int(input())
total = 0
for word in input().split():
    number = int(word)
	total += number
print(total)
