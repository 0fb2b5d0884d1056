n = int(input())
total = 0
for _ in range(n):
    count, price = input().split()
    total += int(count) * float(price)
print(f"{total:,.2f}")
