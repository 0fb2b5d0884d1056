n = int(input())
while True:
    try:
        input()
    except EOFError:
        pass
