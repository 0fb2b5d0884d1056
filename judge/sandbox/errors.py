"""The errors of the sandbox."""


class SandboxUnavailable(Exception):
    """This host cannot run programs safely; the message names the cause and the remedy."""
