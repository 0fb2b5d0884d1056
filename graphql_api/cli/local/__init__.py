"""What `make dev` and `make test` need beside the program: engines, packages, the playground."""
