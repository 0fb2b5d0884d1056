"""A programming language, as workers announce it and the API shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageInfo:
    """A language with its version on a worker; `id` is lower case.

    The commands are for display. `compile_command` is None if nothing is compiled.
    """

    id: str
    name: str
    version: str
    aliases: tuple[str, ...]
    file_name: str
    compile_command: str | None
    run_command: str
