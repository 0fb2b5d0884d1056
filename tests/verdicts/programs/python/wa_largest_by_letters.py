n = int(input())
numbers = input().split()
print(sum(map(int, numbers)))
print(max(numbers))
