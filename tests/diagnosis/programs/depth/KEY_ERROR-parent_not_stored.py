n = int(input())
parents = list(map(int, input().split()))
depth = {}
for node in range(2, n + 1):
    depth[node] = depth[parents[node - 2]] + 1
print(max(depth.values()))
