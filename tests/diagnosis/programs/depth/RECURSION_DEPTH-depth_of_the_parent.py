def depth(node):
    if node == 1:
        return 1
    return depth(parent[node]) + 1

n = int(input())
parent = [0, 0] + list(map(int, input().split()))
print(max(depth(node) for node in range(1, n + 1)))
