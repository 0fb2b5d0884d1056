text = input()
i = 0
while i < len(text):
    j = i
    while j < len(text) and text[j] == text[i] and j - i < 9:
        j += 1
    print(text[i], j - i)
    i = j
