"""A sandbox that runs one untrusted program at a time, with limits."""
