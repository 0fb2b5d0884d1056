text = input()
i = 0
while i < len(text):
    j = i
    while j < len(text) and text[j] == text[i]:
        count = j - i + 1
    print(text[i], count)
    i = j
