text = input()
letter = text[0]
count = 0
for next_letter in text:
    if next_letter == letter:
        count += 1
    else:
        print(letter, count)
        letter = next_letter
        count = 1
