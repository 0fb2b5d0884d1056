text = input()
for letter in sorted(set(text)):
    print(letter, text.count(letter))
