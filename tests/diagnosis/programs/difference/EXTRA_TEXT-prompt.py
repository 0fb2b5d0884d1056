a, b = map(int, input("Enter a and b: ").split())
print(a - b)
