import multiprocessing


def square(n):
    return n * n


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        if pool.map(square, range(4)) == [0, 1, 4, 9]:
            print("3000000046\n3000000000")
