import sys

def main():
    a, b = map(int, input().split())
    print(a - b)
    return 1

sys.exit(main())
