"""The languages that the judge knows, and those that this deployment's workers run."""

from collections.abc import Sequence

from graphql_api.context import Context
from graphql_api.data.errors import InvalidInput
from graphql_api.data.languages import LanguageInfo
from judge.languages import LANGUAGES, find_language


async def list_available(context: Context) -> Sequence[LanguageInfo]:
    """Return the languages that workers announced within the last day.

    Raises:
        Unavailable: Redis did not answer.
    """
    return await context.languages.available()


async def find(context: Context, key: str) -> LanguageInfo | None:
    """Return a language that workers announced within the last day.

    Raises:
        Unavailable: Redis did not answer.
    """
    return next((one for one in await list_available(context) if one.id == key), None)


def language_id(name: str | None) -> str | None:
    """Return the stored id of a language given by id, name or alias; None for None.

    Raises:
        InvalidInput: there is no such language.
    """
    if name is None:
        return None
    language = find_language(name)
    if language is None:
        known = ", ".join(spec.id for spec in LANGUAGES)
        raise InvalidInput(f"The language is unknown. The languages are {known}.", ("language",))
    return language.id
