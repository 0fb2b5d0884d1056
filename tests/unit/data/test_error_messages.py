"""Every message of a domain error that is written in the source is one or more full sentences."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphql_api.data import errors

ROOT = Path(__file__).parents[3]
NAMES = {
    name
    for name, member in vars(errors).items()
    if isinstance(member, type) and issubclass(member, errors.DomainError)
} | {"RequestRejected", "JobFailed"}
LONGEST = 300


def _text(node: ast.expr) -> str | None:
    """Return a literal with `…` for each inserted value; None for other expressions."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "…" for part in node.values)
    return None


def _literals() -> Iterator[tuple[str, str]]:
    for package in ("graphql_api", "tasks"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                name = ast.unparse(node.func).rpartition(".")[2]
                texts = [_text(argument) for argument in node.args[:2]]
                for text in texts if name in NAMES else ():
                    if text is not None and " " in text:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", text


MESSAGES = list(_literals())


def test_the_messages_are_found() -> None:
    assert len(MESSAGES) > 120


@pytest.mark.parametrize(("place", "message"), MESSAGES, ids=[place for place, _ in MESSAGES])
def test_a_message_is_a_sentence(place: str, message: str) -> None:
    first = message.lstrip("`")[0]
    assert message.startswith(("`", "…")) or first.isupper(), f"{place}: {message}"
    # A value inserted at the end is a sentence.
    assert message.endswith((".", "…")), f"{place}: {message}"
    assert len(message) < LONGEST, f"{place}: {message}"
