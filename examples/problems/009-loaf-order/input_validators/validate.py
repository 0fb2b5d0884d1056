import re
import sys

head, second, *rest = sys.stdin.read().split("\n")
good = re.fullmatch(r"[1-9]\d* [1-9]\d*", head) is not None and rest == [""]
good = good and re.fullmatch(r"[1-9]\d*( [1-9]\d*)*", second) is not None
count, order = map(int, head.split())
weights = list(map(int, second.split()))
good = good and count <= 20 and order <= 20_000
good = good and len(set(weights)) == len(weights) == count and max(weights) <= 20_000
sys.exit(42 if good else 43)
