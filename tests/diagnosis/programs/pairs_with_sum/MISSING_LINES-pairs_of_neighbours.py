n, s = map(int, input().split())
numbers = sorted(map(int, input().split()))
left, right = 0, n - 1
while left < right:
    if numbers[left] + numbers[right] == s:
        print(numbers[left], numbers[right])
        left += 2
        right -= 2
    elif numbers[left] + numbers[right] < s:
        left += 1
    else:
        right -= 1
