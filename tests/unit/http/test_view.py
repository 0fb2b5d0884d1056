"""Negotiation of the media type."""

import pytest

from graphql_api.http.view import GRAPHQL_JSON, JSON, Refusal, negotiated


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON.upper()}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.1, application/json", JSON),
        (f"text/html, {GRAPHQL_JSON};q=0.2", GRAPHQL_JSON),
    ],
)
def test_the_best_of_what_is_accepted_is_taken(accept: str | None, found: str) -> None:
    assert negotiated(accept) == found


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*;q=x", ",,"])
def test_what_we_do_not_speak_is_refused(accept: str) -> None:
    with pytest.raises(Refusal) as refused:
        negotiated(accept)
    assert refused.value.status == 406
