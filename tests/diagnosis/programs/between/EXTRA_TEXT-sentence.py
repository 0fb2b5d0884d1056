a, b = map(int, input().split())
print("There are", b - a + 1, "numbers")
