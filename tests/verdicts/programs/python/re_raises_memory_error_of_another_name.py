class OutOfMemory(Exception):
    pass


raise OutOfMemory
