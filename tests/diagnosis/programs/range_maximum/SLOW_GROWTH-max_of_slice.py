import sys

def main():
    read = sys.stdin.readline
    n, q = map(int, read().split())
    row = list(map(int, read().split()))
    answers = []
    for _ in range(q):
        l, r = map(int, read().split())
        answers.append(max(row[l - 1 : r]))
    print("\n".join(map(str, answers)))

main()
