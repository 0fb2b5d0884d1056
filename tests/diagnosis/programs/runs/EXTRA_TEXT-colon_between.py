text = input()
i = 0
while i < len(text):
    j = i
    while j < len(text) and text[j] == text[i]:
        j += 1
    print(f"{text[i]}: {j - i}")
    i = j
