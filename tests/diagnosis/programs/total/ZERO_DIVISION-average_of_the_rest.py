n = int(input())
numbers = list(map(int, input().split()))
rest = numbers[n:]
print(sum(numbers) + sum(rest) // len(rest))
