"""Write a log of N numbers and the watch K: `log.py SEED N K`. The same bytes on every machine."""

import sys

A_LINE = 16


def numbers(seed, count):
    """Yield numbers between -1,000,000 and 1,000,000 (a 64-bit linear congruential generator)."""
    state = seed
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 33) % 2_000_001 - 1_000_000


def main():
    seed, count, watch = map(int, sys.argv[1:])
    log = [str(number) for number in numbers(seed, count)]
    print(count, watch)
    for start in range(0, count, A_LINE):
        print(*log[start : start + A_LINE])


main()
