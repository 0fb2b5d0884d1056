"""`algoitny settings`: print the page docs/settings.md, which describes all settings."""

from typing import Any

import typer
from pydantic.fields import FieldInfo

from graphql_api.config import Settings

_HEAD = """# Settings
Every setting is an environment variable. With `ENVIRONMENT=development`, the file `.env` in the
working directory is also read. `algoitny settings` prints this page, and `make docs` writes it to
this file.

AWS credentials are found as in every AWS client: in the environment, in a profile, or by the role
of the machine.

| setting | default | meaning |
|---|---|---|
"""


def settings() -> None:
    """Print all settings with their defaults and meanings (the page docs/settings.md)."""
    typer.echo(settings_markdown(), nl=False)


def settings_markdown() -> str:
    """Return the page that describes all settings, in Markdown."""
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return _HEAD + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    meaning = " ".join((field.description or "").split()).replace("|", "\\|")
    return f"| `{name.upper()}` | {_default(field.default)} | {meaning} |"


def _default(value: Any) -> str:
    if value is None or value == ():
        return "unset"
    return f"`{value}`"
