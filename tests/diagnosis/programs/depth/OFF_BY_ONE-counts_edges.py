n = int(input())
depth = [0, 0]
for parent in map(int, input().split()):
    depth.append(depth[parent] + 1)
print(max(depth))
