print("hello") if True else None
