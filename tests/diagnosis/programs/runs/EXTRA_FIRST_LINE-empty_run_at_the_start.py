text = input()
letter, count = "-", 0
for next_letter in text:
    if next_letter != letter:
        print(letter, count)
        letter, count = next_letter, 0
    count += 1
print(letter, count)
