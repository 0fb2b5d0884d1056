n = int(input())
numbers = input().split()
print(sum(numbers))
