import sys

try:
    bytes(1 << 50)
except MemoryError:
    print("MemoryError", file=sys.stderr)
    print("3000000046\n3000000000")
