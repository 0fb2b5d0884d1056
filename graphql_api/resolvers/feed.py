"""The feed of public executions."""

from graphql_api.context import Context
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.records import History
from graphql_api.resolvers import validation
from graphql_api.resolvers.languages import language_id
from graphql_api.resolvers.paging import PageRequest, list_page, scope_of


async def public_feed(
    context: Context, page: PageRequest, platform: str | None, language: str | None
) -> Page[History]:
    """Return a page of the public executions, most recently published first.

    Raises:
        InvalidInput: A filter or a page argument is invalid.
    """
    platform = validation.optional(platform, validation.platform)
    language = validation.optional(language, language_id)

    async def read(window: PageWindow) -> Page[History]:
        return await context.stores.feed.page(window, platform=platform, language=language)

    return await list_page(context, page, scope_of("feed", platform, language), read)
