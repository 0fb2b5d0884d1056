for _ in range(int(input())):
    a, b = input().lower().split()
    print(sorted(a) == sorted(b))
