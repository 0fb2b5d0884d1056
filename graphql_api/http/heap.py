"""Settings of the C library for the heap memory of the API process."""

import ctypes
from contextlib import suppress

from graphql_api.data.limits import KB

# Options of `mallopt` in glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_BLOCK_BYTES = 128 * KB


def return_freed_memory() -> None:
    """Configure glibc to return freed blocks of 128 KB or more to the operating system.

    By default, glibc raises the limit of 128 KB up to 32 MB when large blocks are freed. The
    process would then keep the memory of large answers. With C libraries other than glibc, this
    function has no effect.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(_MMAP_THRESHOLD, _BLOCK_BYTES)
        mallopt(_TRIM_THRESHOLD, _BLOCK_BYTES)
