import re
import sys

head, *rows = sys.stdin.read().split("\n")
good = re.fullmatch(r"[1-9]\d* [1-9]\d*", head) is not None and rows.pop() == ""
height, width = map(int, head.split())
good = good and max(height, width) <= {{most}} and len(rows) == height
good = good and all(re.fullmatch(r"[#.SL0-9]+", row) and len(row) == width for row in rows)
market = "".join(rows)
good = good and market.count("S") == market.count("L") == 1
good = good and all(market.count(digit) in (0, 2) for digit in "0123456789")
sys.exit(42 if good else 43)
