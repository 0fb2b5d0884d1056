import re
import sys

head, second, *rest = sys.stdin.read().split("\n")
good = re.fullmatch(r"[1-9]\d* [1-9]\d*", head) is not None and rest == [""]
good = good and re.fullmatch(r"[1-9]\d*( [1-9]\d*)*", second) is not None
count, seats = map(int, head.split())
groups = list(map(int, second.split()))
good = good and count <= 100_000 and seats <= 10**9
good = good and len(groups) == count and max(groups) <= seats
sys.exit(42 if good else 43)
