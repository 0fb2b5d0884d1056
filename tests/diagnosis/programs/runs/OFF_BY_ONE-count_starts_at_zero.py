text = input()
count = 0
for i in range(len(text)):
    if i + 1 < len(text) and text[i] == text[i + 1]:
        count += 1
    else:
        print(text[i], count)
        count = 0
