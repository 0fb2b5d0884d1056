print("sum: " + 1)
