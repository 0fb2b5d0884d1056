"""Write a chain of N islands with Q events: `chain.py N Q`. The same bytes on every machine."""

import sys

# Shares no factor with the numbers of lines it is used for, so that it visits each of them once.
STEP = 7_368_787


def main():
    islands, events = map(int, sys.argv[1:])
    lines = islands - 1
    print(islands, events)
    for i in range(lines):
        left = i * STEP % lines + 1
        if i == lines - 1:
            print("ask", 1, islands)
        print("open", left, left + 1)
    for i in range(events - lines - 1):
        print("ask", i % 50 + 1, islands - i % 70)


main()
