n = int(input())
balances = {}
for _ in range(n):
    command, name, amount = input().split()
    if command == "add":
        balances[name] = balances.get(name, 0) + int(amount)
    else:
        print(balances.get(name, "none"))
