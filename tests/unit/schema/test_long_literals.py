"""Messages of graphql-core repeat no more than 100 characters of a client's literal."""

import pytest

from graphql_api.schema.document_cache import find_errors, load_document
from graphql_api.schema.error_codes import shorten_literals
from graphql_api.schema.schema import schema


@pytest.mark.parametrize(
    ("message", "shortened"),
    [
        ("Cannot query field 'x' on type 'Query'.", "Cannot query field 'x' on type 'Query'."),
        (f'found "{"a b" * 50}".', f'found "{("a b" * 50)[:100]}…".'),
        (f"Cannot query field '{'x' * 5000}'", f"Cannot query field '{'x' * 100}…'"),
        (f"cannot represent {'9' * 300} here", f"cannot represent {'9' * 100}… here"),
    ],
)
def test_a_long_literal_is_cut(message: str, shortened: str) -> None:
    assert shorten_literals(message) == shortened


@pytest.mark.parametrize(
    "query",
    [
        f'{{ node(id: {{ x: "{"y" * 3000}" }}) {{ id }} }}',
        f"{{ {'z' * 3000} }}",
        f'{{ viewer {{ usage(days: "{"y" * 3000}") {{ date }} }} }}',
    ],
)
def test_a_long_literal_is_cut_in_answers(query: str) -> None:
    errors = find_errors(
        schema._schema, load_document(query, 64), {}, may_introspect=True, max_requests=100
    )
    assert errors
    assert all(len(error.message) < 400 for error in errors)
