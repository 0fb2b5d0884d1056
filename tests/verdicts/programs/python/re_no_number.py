n = int(input())
print(int(input()))
