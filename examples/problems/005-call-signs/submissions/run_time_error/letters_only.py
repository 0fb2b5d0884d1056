for _ in range(int(input())):
    a, b = input().lower().split()
    tiles = {letter: 0 for letter in "abcdefghijklmnopqrstuvwxyz"}
    for letter in a:
        tiles[letter] += 1
    for letter in b:
        tiles[letter] -= 1
    print("no" if any(tiles.values()) else "yes")
