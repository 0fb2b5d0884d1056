import re
import sys

text = sys.stdin.read()
good = re.fullmatch(r"[1-9]\d*\n", text) is not None and int(text) <= 100_000
sys.exit(42 if good else 43)
