n = int(input())
result = 1
for number in map(int, input().split()):
    result *= number % 1000 or 7
print(result)
