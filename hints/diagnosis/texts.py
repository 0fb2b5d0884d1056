"""The class `Text`, which contains the texts that explain one kind of mistake."""

from typing import NamedTuple


class Text(NamedTuple):
    """The texts that explain one kind of mistake, in one natural language.

    `detail` is a template with names of parameters in braces. If the diagnosis has these
    parameters, the filled template is added to the explanation.
    """

    title: str
    explanation: str
    suggestion: str
    detail: str = ""
