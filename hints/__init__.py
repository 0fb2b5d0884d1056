"""Hints for failed executions. The package needs no table, no broker and no settings."""
