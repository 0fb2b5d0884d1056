import sys

lines = []
count = int(input())
while len(lines) <= count:
    lines.append(input())
sys.exit(0)
