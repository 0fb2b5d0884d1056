name = "ÿþ"
