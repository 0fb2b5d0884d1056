"""Tokens, and who a request's token belongs to."""
