print("3000000046\n3000000000")
raise ValueError("too late")
