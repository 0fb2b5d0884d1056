n = int(input())
result = []
for _ in range(n):
    name = input()
    at = 0
    for other in result:
        if other < name:
            at += 1
    result = result[:at] + [name] + result[at:]
for name in result:
    print(name)
