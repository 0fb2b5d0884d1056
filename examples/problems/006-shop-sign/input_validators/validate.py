import re
import sys

head, *lines = sys.stdin.read().split("\n")
good = re.fullmatch(r"[1-9]\d*", head) is not None and int(head) <= 100
good = good and lines.pop() == "" and len(lines) == int(head)
good = good and all(re.fullmatch("[A-Za-z0-9]+( [A-Za-z0-9]+)*", line) for line in lines)
good = good and all(len(line) <= 60 for line in lines)
sys.exit(42 if good else 43)
