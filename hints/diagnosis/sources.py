"""Finds programs that read their input from a file or from the arguments of the command line."""

# Parts of file names, and of the lists of arguments in different languages.
_OTHER_SOURCES = (".txt", '.in"', ".in'", "argv[", "args[")


def reads_elsewhere(code: str) -> bool:
    """Return whether the code of a program contains the name of an input file or an argument."""
    return any(source in code for source in _OTHER_SOURCES)
