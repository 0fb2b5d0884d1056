"""The built-in comparers. They decide whether the output of a program is the expected output."""
