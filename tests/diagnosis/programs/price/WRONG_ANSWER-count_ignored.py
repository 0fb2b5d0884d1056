n = int(input())
total = 0
for _ in range(n):
    count, price = input().split()
    total += float(price)
print(f"{total:.2f}")
