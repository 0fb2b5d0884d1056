n = int(input())
names = sorted([input() for _ in range(n))
print("\n".join(names))
