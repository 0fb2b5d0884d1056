n = int(input())
total = 0
for _ in range(n):
    count, price = input().split()
    total += int(count) * float(price)
print(f"{int(total * 10) / 10:.2f}")
