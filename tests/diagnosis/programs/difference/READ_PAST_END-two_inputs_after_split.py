words = input().split()
a = int(words[0])
b = int(input())
print(a - b)
