n = int(input())
print(n)
print(sum(map(int, input().split())))
