def solve():
    n = int(input())
    numbers = list(map(int, input().split()))
    return sum(numbers)

solve()
