n = int(input())
flags = [True] * (n + 1)
for i in range(2, int(n**0.5) + 1):
    if flags[i]:
        flags[i * i :: i] = [False] * len(flags[i * i :: i])
print(sum(flags[1:]))
