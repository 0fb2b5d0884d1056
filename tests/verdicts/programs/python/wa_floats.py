n = int(input())
numbers = list(map(float, input().split()))
print(sum(numbers))
print(max(numbers))
