import re
import sys

head, *lines = sys.stdin.read().split("\n")
good = re.fullmatch(r"[1-9]\d*", head) is not None and int(head) <= 1000
good = good and lines.pop() == "" and len(lines) == int(head)
sign = "[A-Za-z0-9]{1,200}"
good = good and all(re.fullmatch(f"{sign} {sign}", line) for line in lines)
sys.exit(42 if good else 43)
