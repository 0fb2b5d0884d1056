import os
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(1000)
print("3000000046\n3000000000")
