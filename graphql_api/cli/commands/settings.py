"""`algoitny settings`: every setting with its meaning; also the text of `docs/settings.md`."""

from typing import Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from graphql_api.config import Settings

_HEAD = """# Settings
Every setting is an environment variable; in development `.env` in the working directory is read
too. `algoitny settings` prints this page, and `make docs` writes it here.

AWS credentials come the way every AWS client finds them: environment, profile, machine's role.

| setting | default | meaning |
|---|---|---|
"""


def settings() -> None:
    """Print every setting, its default and its meaning (the text of docs/settings.md)."""
    typer.echo(settings_markdown(), nl=False)


def settings_markdown() -> str:
    """Return the page that documents every setting."""
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return _HEAD + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    meaning = " ".join((field.description or "").split()).replace("|", "\\|")
    return f"| `{name.upper()}` | {_default(field.default)} | {meaning} |"


def _default(value: Any) -> str:
    if value is None or value == ():
        return "unset"
    if isinstance(value, tuple) and isinstance(value[0], SecretStr):
        return "one for development"
    return f"`{value}`"
