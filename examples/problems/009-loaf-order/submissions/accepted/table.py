n, order = map(int, input().split())
weights = list(map(int, input().split()))
MANY = order + 1
fewest = [0] + [MANY] * order
for weight in weights:
    for total in range(weight, order + 1):
        if fewest[total - weight] + 1 < fewest[total]:
            fewest[total] = fewest[total - weight] + 1
print(fewest[order] if fewest[order] < MANY else -1)
