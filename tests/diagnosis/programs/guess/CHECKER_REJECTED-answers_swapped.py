low, high = 1, 1000
while low <= high:
    middle = (low + high) // 2
    print(middle, flush=True)
    answer = input()
    if answer == "right":
        break
    if answer == "higher":
        high = middle - 1
    else:
        low = middle + 1
