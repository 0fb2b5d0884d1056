n = int(input())
flags = bytearray([1]) * n
for i in range(2, int(n**0.5) + 1):
    if flags[i]:
        flags[i * i :: i] = bytes(len(flags[i * i :: i]))
print(sum(flags[2:]))
