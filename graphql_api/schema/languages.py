"""The programming languages that workers can run."""

from typing import Self

import strawberry

from graphql_api.data.languages import LanguageInfo
from graphql_api.schema import ids
from graphql_api.schema.connections import Node


@strawberry.type(description="A programming language that the workers of this deployment can run.")
class Language(Node):
    """A language that workers have announced."""

    key: str = strawberry.field(
        description="Key of the language, such as `python`. Mutations and filters accept this key "
        "as `language`."
    )
    name: str = strawberry.field(description="Display name of the language.")
    version: str = strawberry.field(
        description="Version of the compiler or interpreter that the workers run."
    )
    aliases: list[str] = strawberry.field(
        description="Other names of the language. Mutations and filters accept these names as "
        "`language`."
    )
    file_name: str = strawberry.field(
        description="Name of the file in which the submitted code is saved."
    )
    compile_command: str | None = strawberry.field(
        description="Command that compiles the code. Null for languages without a compile step."
    )
    run_command: str = strawberry.field(description="Command that runs the program.")

    @classmethod
    def from_record(cls, record: LanguageInfo) -> Self:
        """Convert an announced language to its GraphQL type."""
        return cls(
            id=ids.language_id(record.id),
            key=record.id,
            name=record.name,
            version=record.version,
            aliases=list(record.aliases),
            file_name=record.file_name,
            compile_command=record.compile_command,
            run_command=record.run_command,
        )
