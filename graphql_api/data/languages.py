"""The description of a programming language. Workers announce the languages that they support."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageInfo:
    """A programming language and the version that is installed on a worker.

    `id` is in lower case. The commands are for display only. `compile_command` is None if the
    language is not compiled.
    """

    id: str
    name: str
    version: str
    aliases: tuple[str, ...]
    file_name: str
    compile_command: str | None
    run_command: str
