"""A language as workers announce it and as the API shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageInfo:
    """A language as a worker runs it; `id` is lower case.

    The commands are written for people; `compile_command` is None where nothing is built.
    """

    id: str
    name: str
    version: str
    aliases: tuple[str, ...]
    file_name: str
    compile_command: str | None
    run_command: str
