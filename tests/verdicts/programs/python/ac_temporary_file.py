import tempfile

with tempfile.TemporaryFile("w+") as file:
    file.write("3000000046\n3000000000\n")
    file.seek(0)
    print(file.read())
