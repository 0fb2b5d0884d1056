text = input()
result = []
i = 0
while i < len(text):
    j = i
    while j < len(text) and text[j] == text[i]:
        j += 1
    result.append(f"{text[i]} {j - i}")
    i = j
print("\n".join(reversed(result)))
