n = int(input())
numbers = list(map(int, input().split()))
total = 0
while len(numbers) > 0:
    total += numbers[0]
    numbers = [number for number in numbers[1:]]
print(total)
