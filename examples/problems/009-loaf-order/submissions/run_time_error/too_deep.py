n, order = map(int, input().split())
weights = sorted(map(int, input().split()), reverse=True)
known = {0: 0}


def fewest(left):
    if left not in known:
        known[left] = min(
            (fewest(left - weight) + 1 for weight in weights if weight <= left),
            default=float("inf"),
        )
    return known[left]


print(fewest(order) if fewest(order) < float("inf") else -1)
