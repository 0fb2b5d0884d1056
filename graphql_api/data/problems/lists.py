"""Filters of lists of problems.

Problems are stored in several lists, such as one list per tag. For a set of filters, the most
selective list is read, and the other filters are applied to its problems.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Item
from graphql_api.data.dynamo.pages import PartitionList
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import MAX_TITLE_WORDS
from graphql_api.data.names import normalise_key, normalise_tag
from graphql_api.data.problems.titles import tokens


@dataclass(frozen=True, slots=True)
class ProblemFilter:
    """The filters of a list of problems. A field that is None does not filter the list.

    `words` contains the words that the title of a problem must contain.
    """

    platform: str | None = None
    language: str | None = None
    state: ProblemState = ProblemState.COMPLETED
    tag: str | None = None
    words: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        platform: str | None = None,
        language: str | None = None,
        state: ProblemState = ProblemState.COMPLETED,
        tag: str | None = None,
        search: str | None = None,
    ) -> "ProblemFilter":
        """Return the filters for these arguments, with all values in their normal form.

        Raises:
            InvalidInput: an argument is not valid. `path` contains the name of the argument.
        """
        return cls(
            platform=None if platform is None else normalise_key(platform, "platform"),
            language=None if language is None else keys.part(language, "language"),
            state=state,
            tag=None if tag is None else normalise_tag(tag, "tag"),
            words=() if search is None else _words(search),
        )

    def plan(self) -> tuple[PartitionList, Callable[[Item], bool] | None]:
        """Return the stored list to read, and a function that applies the remaining filters.

        The list is the most selective one, such as the list of all problems with one tag. The
        function returns whether an item matches. The function is None if no filters remain.
        """
        remaining = self._checks()
        cards = self._choose_list(remaining)
        checks = list(remaining.values())
        return cards, (lambda item: all(check(item) for check in checks)) if checks else None

    def _checks(self) -> dict[str, Callable[[Item], bool]]:
        """Return one check function per filter, by the name of the filter."""
        checks: dict[str, Callable[[Item], bool]] = {}
        if self.platform is not None:
            checks["platform"] = lambda item: item.get("pf") == self.platform
        if self.language is not None:
            checks["language"] = lambda item: item.get("lg") == self.language
        if self.tag is not None:
            checks["tag"] = lambda item: self.tag in item.get("tg", ())
        for word in self.words:
            checks[f"word {word}"] = lambda item, word=word: word in tokens(item.get("ti", ""))  # type: ignore[misc]
        return checks

    def _choose_list(self, checks: dict[str, Callable[[Item], bool]]) -> PartitionList:
        """Return the most selective list, and remove the filter of this list from `checks`.

        For example, the list of a tag contains only problems with this tag. So the tag needs no
        further check. If the list of a state is returned, no filter is removed.
        """
        completed = self.state is ProblemState.COMPLETED
        prefix = f"{self.state}#"
        if completed and self.words:
            word = max(self.words, key=len)
            del checks[f"word {word}"]
            return PartitionList(keys.token_partition(word))
        if completed and self.tag is not None:
            del checks["tag"]
            return PartitionList(keys.tag_partition(self.tag))
        if self.state is ProblemState.DELETED:
            return PartitionList(keys.state_partition(self.state))
        if self.language is not None:
            del checks["language"]
            partition = keys.solution_language_partition(self.language)
            return PartitionList(partition, index="GSI2", prefix=prefix)
        if self.platform is not None:
            del checks["platform"]
            return PartitionList(
                keys.platform_partition(self.platform), index="GSI1", prefix=prefix
            )
        return PartitionList(keys.state_partition(self.state))


def _words(search: str) -> tuple[str, ...]:
    words: Sequence[str] = tokens(search)
    if not words:
        raise InvalidInput(
            "`search` must contain at least one word of letters or digits.", ("search",)
        )
    if len(words) > MAX_TITLE_WORDS:
        raise InvalidInput(f"`search` must contain at most {MAX_TITLE_WORDS} words.", ("search",))
    return tuple(words)
