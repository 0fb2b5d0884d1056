import re
import sys

head, _, rest = sys.stdin.read().partition("\n")
count, watch = map(int, head.split(" "))
good = 1 <= watch <= count <= 1_400_000
good = good and re.fullmatch(r"(-?\d+ )*-?\d+\n((-?\d+ )*-?\d+\n)*", rest) is not None
log = list(map(int, rest.split()))
good = good and len(log) == count and -(10**6) <= min(log) and max(log) <= 10**6
sys.exit(42 if good else 43)
