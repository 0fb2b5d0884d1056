a, b = map(int, input().split())
print(abs(b) - abs(a) + 1)
