n = int(input())
result = 1.0
for i in range(1, n + 1):
    result *= i
print(int(result / 1.0))
