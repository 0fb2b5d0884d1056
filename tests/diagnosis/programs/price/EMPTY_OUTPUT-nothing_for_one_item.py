n = int(input())
total = 0
for i in range(n):
    count, price = input().split()
    total += int(count) * float(price)
if n > 1:
    print(f"{total:.2f}")
