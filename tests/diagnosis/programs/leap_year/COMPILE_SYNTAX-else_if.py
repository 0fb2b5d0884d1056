year = int(input())
if year % 400 == 0:
    print("Yes")
else if year % 100 == 0:
    print("No")
else if year % 4 == 0:
    print("Yes")
else:
    print("No")
