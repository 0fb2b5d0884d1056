n = int(input())
print("?", (n + 1) // 2, flush=True)
height, left, right = map(int, input().split())
print("!", (n + 1) // 2, flush=True)
