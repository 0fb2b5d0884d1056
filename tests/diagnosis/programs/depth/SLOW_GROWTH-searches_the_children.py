n = int(input())
parents = list(map(int, input().split()))
level = [1]
height = 0
while level:
    height += 1
    children = []
    for node in level:
        for child in range(2, n + 1):
            if parents[child - 2] == node:
                children.append(child)
    level = children
print(height)
