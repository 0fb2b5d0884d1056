import os

while True:
    if os.fork() == 0:
        sum(range(1_000_000))
        os._exit(0)
    os.wait()
