# -*- coding: latin-1 -*-
name = "é"
print("3000000046\n3000000000")
