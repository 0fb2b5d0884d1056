"""`algoitny settings`: all settings with default and meaning, as the page `docs/settings.md`."""

from typing import Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from graphql_api.config import Settings

_HEAD = """# Settings
Every setting is an environment variable. In development, `.env` in the working directory is read
too. `algoitny settings` prints this page, and `make docs` writes it to this file.

AWS credentials are found as in every AWS client: environment, profile, or the machine's role.

| setting | default | meaning |
|---|---|---|
"""


def settings() -> None:
    """Print every setting with its default and meaning (the page docs/settings.md)."""
    typer.echo(settings_markdown(), nl=False)


def settings_markdown() -> str:
    """Return the Markdown page that documents every setting."""
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return _HEAD + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    meaning = " ".join((field.description or "").split()).replace("|", "\\|")
    return f"| `{name.upper()}` | {_default(field.default)} | {meaning} |"


def _default(value: Any) -> str:
    if value is None or value == ():
        return "unset"
    if isinstance(value, tuple) and isinstance(value[0], SecretStr):
        return "a development key"
    return f"`{value}`"
