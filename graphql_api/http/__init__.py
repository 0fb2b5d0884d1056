"""GraphQL over HTTP: the view, request log, health checks and playground."""
