"""The languages that can be executed."""

from typing import Self

import strawberry

from graphql_api.data.languages import LanguageInfo


@strawberry.type(description="A language that this deployment's workers run.")
class Language:
    """As its worker announced it."""

    id: strawberry.ID = strawberry.field(description="The id to send, such as `python`.")
    name: str = strawberry.field(description="Its name.")
    version: str = strawberry.field(description="The version that runs.")
    aliases: list[str] = strawberry.field(description="Other names that are accepted.")
    file_name: str = strawberry.field(description="What the submitted code is saved as.")
    compile_command: str | None = strawberry.field(
        description="How it is compiled; null where nothing is built."
    )
    run_command: str = strawberry.field(description="How it is run.")

    @classmethod
    def from_record(cls, record: LanguageInfo) -> Self:
        """Return a language as GraphQL shows it."""
        return cls(
            id=strawberry.ID(record.id),
            name=record.name,
            version=record.version,
            aliases=list(record.aliases),
            file_name=record.file_name,
            compile_command=record.compile_command,
            run_command=record.run_command,
        )
