a, b = map(int, input().split())
print("Difference:", a - b)
