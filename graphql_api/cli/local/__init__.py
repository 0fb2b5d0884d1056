"""Local requirements of `make dev` and `make test`: engines, system packages, playground."""
