import sys

n = int(sys.stdin.readline())
total, largest, word = 0, None, ""
while n:
    letter = sys.stdin.read(1)
    if letter.isspace():
        value, word, n = int(word), "", n - 1
        total += value
        largest = value if largest is None else max(largest, value)
    word += letter
print(total, largest, sep="\n", end="")
