n, s = map(int, input().split())
numbers = sorted(map(int, input().split()))
for i in range(n):
    for j in range(i + 1, n):
        if numbers[i] + numbers[j] == s:
            print(f"{numbers[i]}{numbers[j]}")
