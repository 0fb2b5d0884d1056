n = int(input())
numbers = list(map(int, input().split()))
print(f"average={sum(numbers) / n:.10f}")
