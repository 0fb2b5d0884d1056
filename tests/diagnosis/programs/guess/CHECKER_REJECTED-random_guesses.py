import random

random.seed(4)
while True:
    print(random.randint(1, 1000), flush=True)
    if input() == "right":
        break
