def answer(:
    pass
