import re
import sys

head, *lines = sys.stdin.read().split("\n")
good = re.fullmatch(r"[1-9]\d*", head) is not None and 2 <= int(head) <= 20_000
good = good and lines.pop() == "" and len(lines) == int(head)
number = r"-?\d+(\.\d{1,2})?"
good = good and all(re.fullmatch(f"{number} {number}", line) for line in lines)
good = good and all(abs(float(word)) <= 10**6 for line in lines for word in line.split())
sys.exit(42 if good else 43)
