"""GraphQL over HTTP: the view, its safety rules, the playground."""
