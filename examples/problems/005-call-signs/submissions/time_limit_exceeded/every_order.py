from itertools import permutations

for _ in range(int(input())):
    a, b = input().lower().split()
    print("yes" if tuple(b) in permutations(a) else "no")
