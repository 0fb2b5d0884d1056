import sys

low, high = 1, 1000
while True:
    middle = (low + high) // 2
    print(middle)
    answer = sys.stdin.readline().strip()
    if answer == "right":
        break
    if answer == "higher":
        low = middle + 1
    else:
        high = middle - 1
