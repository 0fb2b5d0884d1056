with open("/dev/stdout", "w") as out:
    print("3000000046\n3000000000", file=out)
