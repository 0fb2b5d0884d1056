"""The type of the `info` argument of fields and mutations."""

import strawberry

from graphql_api.context import Context

Info = strawberry.Info[Context, None]
