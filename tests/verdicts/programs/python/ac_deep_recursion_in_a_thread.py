import sys
import threading

sys.setrecursionlimit(100_000)
threading.stack_size(32 * 1024 * 1024)


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def answer():
    if depth(20_000) == 20_000:
        print("3000000046\n3000000000")


thread = threading.Thread(target=answer)
thread.start()
thread.join()
