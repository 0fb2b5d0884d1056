n = int(input())
numbers = list(map(int, input().split()))
print([round(sum(numbers) / n, 10)])
