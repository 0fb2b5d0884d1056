import os
import signal

n = int(input())
result = 1
for i in range(1, n + 1):
    result *= i
    if result > 2**31:
        os.kill(os.getpid(), signal.SIGTERM)
print(result)
