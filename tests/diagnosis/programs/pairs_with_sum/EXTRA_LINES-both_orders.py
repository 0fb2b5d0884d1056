n, s = map(int, input().split())
numbers = list(map(int, input().split()))
for a in numbers:
    for b in numbers:
        if a != b and a + b == s:
            print(a, b)
