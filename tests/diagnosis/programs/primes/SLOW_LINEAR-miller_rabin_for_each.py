def is_prime(n):
    if n < 2:
        return False
    for p in (2, 3, 5, 7):
        if n == p:
            return True
    d, s = n - 1, 0
    while d % 2 == 0:
        d //= 2
        s += 1
    for a in (2, 3, 5, 7):
        x = pow(a, d, n)
        if x == 1 or x == n - 1:
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True

n = int(input())
print(sum(is_prime(i) for i in range(2, n + 1)))
