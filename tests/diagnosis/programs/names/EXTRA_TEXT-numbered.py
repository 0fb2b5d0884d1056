n = int(input())
names = sorted(input() for _ in range(n))
for i in range(n):
    print(f"{i + 1}. {names[i]}")
