n, s = map(int, input().split())
numbers = sorted(map(int, input().split()))
found = False
for i in range(n):
    for j in range(i + 1, n):
        if numbers[i] + numbers[j] == s and not found:
            print(numbers[i], numbers[j])
            found = True
