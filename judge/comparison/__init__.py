"""The built-in comparers, which decide whether a program's output matches the expected one."""
