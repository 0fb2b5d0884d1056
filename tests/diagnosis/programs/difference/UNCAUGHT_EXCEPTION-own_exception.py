class BadInput(Exception):
    pass

words = input().split()
if len(words) != 3:
    raise BadInput("three numbers expected")
print(int(words[0]) - int(words[1]))
