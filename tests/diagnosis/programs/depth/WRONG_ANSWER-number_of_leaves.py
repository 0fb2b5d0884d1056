n = int(input())
parents = list(map(int, input().split()))
print(n - len(set(parents)))
