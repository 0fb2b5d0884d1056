"""The languages that this deployment's workers can run."""

from collections.abc import Sequence

from graphql_api.context import Context
from graphql_api.data.languages import LanguageInfo


async def available(context: Context) -> Sequence[LanguageInfo]:
    """Return what the workers announce.

    Raises:
        Unavailable: the board did not answer.
    """
    return await context.languages.available()
