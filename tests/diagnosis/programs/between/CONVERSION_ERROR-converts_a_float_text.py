a, b = map(int, input().split(" ", 1))
count = int("0.0") + b - a + 1
print(count)
