"""The heap of the API process."""

import ctypes
from contextlib import suppress

from graphql_api.data.limits import KB

# Options of `mallopt` in glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_BLOCK_BYTES = 128 * KB


def return_freed_memory() -> None:
    """Let the C library return each large block to the system when the block is freed.

    By default, glibc raises its threshold with the size of the freed blocks, up to 32 MB. A process
    that has once answered large operations would keep their memory. This function does nothing with
    other C libraries.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(_MMAP_THRESHOLD, _BLOCK_BYTES)
        mallopt(_TRIM_THRESHOLD, _BLOCK_BYTES)
