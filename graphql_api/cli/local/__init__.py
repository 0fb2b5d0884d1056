"""Programs that `make dev` and `make test` need: databases, system packages and the playground."""
