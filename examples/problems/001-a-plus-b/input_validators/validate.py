import re
import sys

text = sys.stdin.read()
match = re.fullmatch(r"(0|-?[1-9]\d*) (0|-?[1-9]\d*)\n", text)
good = match is not None and all(abs(int(word)) <= 10**18 for word in match.groups())
sys.exit(42 if good else 43)
