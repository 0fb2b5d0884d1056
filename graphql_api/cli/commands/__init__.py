"""The sub-commands of `algoitny`, one module each; `graphql_api.cli.app` registers them."""
