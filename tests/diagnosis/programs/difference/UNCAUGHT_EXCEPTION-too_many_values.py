line = input()
a, b = line
print(int(a) - int(b))
