open("/box/answer", "w")
