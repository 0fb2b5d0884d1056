n, s = map(int, input().split())
numbers = sorted(map(int, input().split()))
count = 0
for i in range(n):
    for j in range(i + 1, n):
        if numbers[i] + numbers[j] == s:
            print(numbers[i], numbers[j])
            count += 1
print(count)
