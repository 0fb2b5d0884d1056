import re
import sys

head, *lines = sys.stdin.read().split("\n")
good = re.fullmatch(r"[1-9]\d* [1-9]\d*", head) is not None and lines.pop() == ""
islands, events = map(int, head.split())
good = good and islands <= 100_000 and events <= 200_000 and len(lines) == events
good = good and all(re.fullmatch(r"(open|ask) [1-9]\d* [1-9]\d*", line) for line in lines)
good = good and all(int(word) <= islands for line in lines for word in line.split()[1:])
good = good and any(line.startswith("ask") for line in lines)
sys.exit(42 if good else 43)
