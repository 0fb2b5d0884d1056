"""The sub-commands of `algoitny`, one module for each. `graphql_api.cli.app` registers them."""
