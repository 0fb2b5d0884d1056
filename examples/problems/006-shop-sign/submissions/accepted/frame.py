lines = [input() for _ in range(int(input()))]
width = max(map(len, lines))
print("*" * (width + 4))
for line in lines:
    left = (width - len(line)) // 2
    print("*", " " * left + line + " " * (width - len(line) - left), "*")
print("*" * (width + 4))
