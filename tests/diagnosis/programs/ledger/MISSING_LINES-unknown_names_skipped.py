n = int(input())
balances = {}
for _ in range(n):
    words = input().split()
    if words[0] == "add":
        balances[words[1]] = balances.get(words[1], 0) + int(words[2])
    elif words[1] in balances:
        print(balances[words[1]])
