text = input()
counts = {}
for letter in text:
    counts[letter] = counts[letter] + 1
for letter in counts:
    print(letter, counts[letter])
