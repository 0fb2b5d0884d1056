import re
import sys

lines = sys.stdin.read().split("\n")
good = len(lines) == 3 and lines.pop() == ""
good = good and re.fullmatch(r"[1-9]\d*", lines[0]) is not None and int(lines[0]) <= 100_000
number = r"(0|[1-9]\d{0,9})"
good = good and re.fullmatch(f"{number}( {number})*", lines[1]) is not None
heights = list(map(int, lines[1].split())) if good else [0]
top = heights.index(max(heights))
pairs = list(zip(heights, heights[1:]))
good = good and len(heights) == int(lines[0]) and max(heights) <= 10**9
good = good and all(a < b for a, b in pairs[:top]) and all(a > b for a, b in pairs[top:])
sys.exit(42 if good else 43)
