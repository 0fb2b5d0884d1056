def solve(a, b):
    print(b - a + 1)

a, b = map(int, input().split())
print(solve(a, b))
