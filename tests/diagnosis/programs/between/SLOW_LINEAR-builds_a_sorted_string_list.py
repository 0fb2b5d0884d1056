a, b = map(int, input().split())
words = []
for i in range(a, b + 1):
    text = ""
    for digit in str(i) * 20:
        text += digit
    words.append(len(text))
print(len(words))
