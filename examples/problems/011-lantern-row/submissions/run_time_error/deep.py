def hang(row, left):
    if not left:
        return row
    for lantern in sorted(left):
        if not row or abs(row[-1] - lantern) > 1:
            found = hang([*row, lantern], left - {lantern})
            if found:
                return found
    return None


row = hang([], frozenset(range(1, int(input()) + 1)))
print(*(row or ["impossible"]))
