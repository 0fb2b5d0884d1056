n = int(input("How many? "))
numbers = list(map(int, input("Which? ").split()))
print(sum(numbers))
print(max(numbers))
