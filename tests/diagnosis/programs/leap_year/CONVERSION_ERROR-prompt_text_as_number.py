year = int("year")
print("Yes" if year % 4 == 0 else "No")
