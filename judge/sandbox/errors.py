"""The errors of the sandbox."""


class SandboxUnavailable(Exception):
    """This host cannot run programs safely. The message contains the cause and the remedy."""
