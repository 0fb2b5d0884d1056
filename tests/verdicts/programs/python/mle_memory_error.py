numbers = [0] * (1 << 48)
