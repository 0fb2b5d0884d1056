import warnings

warnings.warn("look here", stacklevel=1)
print("3000000046\n3000000000")
