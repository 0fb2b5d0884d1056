n = int(input())
total = 0
for _ in range(n):
    count, price = map(int, input().split())
    total += count * price
print(f"{total:.2f}")
