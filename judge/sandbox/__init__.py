"""Running programs that nobody trusts: the sandbox, its limits, languages and comparers."""
