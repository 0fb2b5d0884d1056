n = int(input())
balances = {}
for _ in range(n):
    words = input().split()
    if words[0] == "add":
        balances[words[1]] = balances.get(words[1], 0) + int(words[2])
        print("ok")
    else:
        print(balances.get(words[1], "none"))
