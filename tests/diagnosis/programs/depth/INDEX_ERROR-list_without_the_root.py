n = int(input())
depth = [1]
for parent in map(int, input().split()):
    depth.append(depth[parent] + 1)
print(max(depth))
