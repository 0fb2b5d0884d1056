n = int(input())
total = 0
for _ in range(n):
    count = int(input().split()[0])
    price = float(input().split()[1])
    total += count * price
print(f"{total:.2f}")
