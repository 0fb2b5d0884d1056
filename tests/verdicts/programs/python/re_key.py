print({}["answer"])
