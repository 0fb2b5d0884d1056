n, q = map(int, input().split())
row = list(map(int, input().split()))
answers = []
for _ in range(q):
    l, r = map(int, input().split())
    answers.append((l, r))
