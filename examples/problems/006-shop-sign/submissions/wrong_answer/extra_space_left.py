lines = [input() for _ in range(int(input()))]
width = max(map(len, lines))
print("*" * (width + 4))
for line in lines:
    right = (width - len(line)) // 2
    print("*", " " * (width - len(line) - right) + line + " " * right, "*")
print("*" * (width + 4))
