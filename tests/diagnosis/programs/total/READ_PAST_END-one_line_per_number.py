n = int(input())
numbers = []
for i in range(n):
    numbers += list(map(int, input().split()))
print(sum(numbers))
