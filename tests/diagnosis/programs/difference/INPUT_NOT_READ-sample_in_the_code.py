a, b = 10, 3
print(a - b)
