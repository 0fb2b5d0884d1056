n = int(input())
print(sum(int(word) for word in input().split(",")))
