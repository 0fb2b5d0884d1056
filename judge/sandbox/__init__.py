"""A sandbox that runs untrusted programs with limits."""
