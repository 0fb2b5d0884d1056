n = int(input())
result = 2
for i in range(1, n + 1):
    result *= i
print(result)
