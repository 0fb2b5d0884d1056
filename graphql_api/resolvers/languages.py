"""Use cases of languages: the languages that workers have announced, and ids of all languages."""

from collections.abc import Sequence

from graphql_api.context import Context
from graphql_api.data.errors import InvalidInput
from graphql_api.data.languages import LanguageInfo
from judge.languages import LANGUAGES, find_language


async def list_available(context: Context) -> Sequence[LanguageInfo]:
    """Return the languages that workers have announced within the last day.

    Raises:
        Unavailable: Redis did not answer.
    """
    return await context.languages.available()


async def find(context: Context, key: str) -> LanguageInfo | None:
    """Return the language with the id `key`, or None if no worker announced it in the last day.

    Raises:
        Unavailable: Redis did not answer.
    """
    return next(
        (language for language in await list_available(context) if language.id == key), None
    )


def language_id(name: str) -> str:
    """Return the id of a known language. `name` is an id, a name or an alias.

    Raises:
        InvalidInput: The language is unknown.
    """
    language = find_language(name)
    if language is None:
        known = ", ".join(spec.id for spec in LANGUAGES)
        raise InvalidInput(
            f"The language is unknown. Choose one of these languages: {known}.", ("language",)
        )
    return language.id
