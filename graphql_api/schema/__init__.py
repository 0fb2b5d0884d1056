"""The GraphQL schema: types, inputs, unions and connections; no I/O of its own."""
