block = bytearray(200 << 20)
print(len(block))
