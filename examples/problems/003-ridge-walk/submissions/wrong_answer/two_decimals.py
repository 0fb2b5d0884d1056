import math
import sys

n, *rest = sys.stdin.read().split()
numbers = list(map(float, rest))
stakes = list(zip(numbers[::2], numbers[1::2]))
length = math.fsum(map(math.dist, stakes, stakes[1:]))
print(f"{length:.2f} {length / (int(n) - 1):.2f}")
