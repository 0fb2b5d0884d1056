import math
import sys

n, *rest = sys.stdin.read().split()
numbers = list(map(int, rest))
stakes = list(zip(numbers[::2], numbers[1::2]))
length = math.fsum(map(math.dist, stakes, stakes[1:]))
print(length, length / (int(n) - 1))
