for _ in range(int(input())):
    a, b = input().lower().split()
    print("yes" if len(a) == len(b) and set(a) == set(b) else "no")
