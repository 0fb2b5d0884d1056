n = int(input())
numbers = list(map(int, input().split()))
if len(numbers) != n:
    print(sum(numbers) / n)
