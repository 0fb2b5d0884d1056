"""AlgoItny's GraphQL API: schema, use cases and data behind one ASGI application."""
