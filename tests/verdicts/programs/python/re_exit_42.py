import sys

print("3000000046\n3000000000")
sys.exit(42)
