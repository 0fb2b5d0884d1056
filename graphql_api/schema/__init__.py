"""The GraphQL schema: types, inputs, unions and connections. The resolvers do all I/O."""

# Enums must have their descriptions before a type uses them.
from graphql_api.schema import enums as _enums  # noqa: F401 - importing it registers the enums
