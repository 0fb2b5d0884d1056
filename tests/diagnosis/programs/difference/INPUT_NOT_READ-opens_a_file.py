with open("input.txt") as file:
    a, b = map(int, file.read().split())
print(a - b)
