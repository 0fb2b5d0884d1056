local nothing
print(nothing.answer)
