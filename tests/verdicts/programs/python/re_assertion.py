n = int(input())
assert n == 6
