"""Finds programs that read their input from a file or from the arguments of the command line."""

# Parts of file names, and of the lists of arguments in different languages.
_OTHER_SOURCES = (".txt", '.in"', ".in'", "argv[", "args[")


def reads_elsewhere(code: str) -> bool:
    """Return whether a program's code contains a file name or uses command-line arguments."""
    return any(source in code for source in _OTHER_SOURCES)
