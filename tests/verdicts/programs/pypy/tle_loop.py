total = 0
while True:
    total = (total * 31 + 7) % 1000003
