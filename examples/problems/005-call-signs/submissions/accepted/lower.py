for _ in range(int(input())):
    a, b = input().lower().split()
    print("yes" if sorted(a) == sorted(b) else "no")
