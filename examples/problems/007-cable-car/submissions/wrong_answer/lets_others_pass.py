n, seats = map(int, input().split())
print(*(lambda people: (-(-people // seats), -people % seats))(sum(map(int, input().split()))))
