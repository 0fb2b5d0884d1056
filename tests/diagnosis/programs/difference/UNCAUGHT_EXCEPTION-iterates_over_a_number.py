a, b = map(int, input().split())
result = 0
for digit in a - b:
    result += digit
print(result)
