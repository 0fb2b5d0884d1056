text = input()
count = 1
for i in range(len(text)):
    if text[i] == text[i + 1]:
        count += 1
    else:
        print(text[i], count)
        count = 1
