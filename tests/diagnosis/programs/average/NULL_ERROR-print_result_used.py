n = int(input())
numbers = list(map(int, input().split()))
average = print(sum(numbers) / n)
print(average + 0)
