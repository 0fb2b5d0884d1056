def read():
    words = input().split()
    a, b = int(words[0]), int(words[1])

a, b = read()
print(a - b)
