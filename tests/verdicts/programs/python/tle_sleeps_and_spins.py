import time

while True:
    until = time.process_time() + 0.02
    while time.process_time() < until:
        pass
    time.sleep(0.005)
