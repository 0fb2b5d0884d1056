n = int(input())
numbers = list(map(int, input().split()))
total = 0
for i in range(n + 1):
    total += numbers[i]
print(total)
