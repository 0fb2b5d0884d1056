"""The form of the texts of a kind of mistake."""

from typing import NamedTuple


class Text(NamedTuple):
    """The texts of one kind of mistake in one language.

    `detail` contains the names of the diagnosis's parameters in braces. It is added to the
    explanation if the diagnosis has these parameters.
    """

    title: str
    explanation: str
    suggestion: str
    detail: str = ""
