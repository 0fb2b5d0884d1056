"""The GraphQL schema: types, inputs, unions and connections; no I/O of its own."""

# The descriptions of the enums must be there before a type uses an enum.
from graphql_api.schema import enums as _enums  # noqa: F401 - importing it registers the enums
