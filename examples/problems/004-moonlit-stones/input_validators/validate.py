import re
import sys

head, second, *rest = sys.stdin.read().split("\n")
good = re.fullmatch(r"[1-9]\d* \d+", head) is not None and rest == [""]
count, slippery = map(int, head.split())
good = good and re.fullmatch(r"([1-9]\d*( [1-9]\d*)*)?", second) is not None
stones = list(map(int, second.split()))
good = good and 1 <= count <= 100_000 and len(stones) == slippery
good = good and all(a < b for a, b in zip(stones, stones[1:]))
good = good and all(1 <= stone <= count for stone in stones)
sys.exit(42 if good else 43)
