n = int(input())
children = {}
for node, parent in enumerate(map(int, input().split()), 2):
    children.setdefault(parent, []).append(node)
level = [1]
height = 0
while level:
    height += 1
    level = [child for node in level for child in children[node]]
print(height)
