n = int(input())
numbers = sorted(map(int, input().split()))
print(numbers[n // 2])
