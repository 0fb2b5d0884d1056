first, second = map(int, input().split())
print(frist - second)
