n = int(input())
best, summit = -1, 1
for post in range(1, n + 1):
    print("?", post, flush=True)
    found = int(input())
    if found < best:
        break
    best, summit = found, post
print("!", summit, flush=True)
