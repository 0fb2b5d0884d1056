"""Normal forms: which identities are equal, and which texts are visible."""

from collections.abc import Callable

import pytest

from graphql_api.config import Settings
from graphql_api.context import check_admin_emails, effective_role
from graphql_api.data.enums import Role
from graphql_api.data.errors import InvalidInput
from graphql_api.data.names import (
    is_same_email,
    is_visible,
    normalise_email,
    normalise_key,
    normalise_line,
    normalise_tag,
    stored_forms,
)
from graphql_api.data.problems.inputs import NewProblem, card_fields, text_fields
from graphql_api.data.records import User
from graphql_api.resolvers import validation
from tests.support.settings import make_settings

INVISIBLE = [
    "\u200b",
    "\u200b\u200d \u2060",
    "\u2800",
    "\u3164",
    "\u115f\u1160",
    "\uffa0",
    "\u00ad",
    "\u034f",
    "\ufe0f",
    "\u2003",
    "\U000e0041",
    "\U0001d159",
    "\ue000",
    "\u0301",
    "\u202e\u202c",
    "\ufeff",
]


@pytest.mark.parametrize(
    ("email", "normal"),
    [
        (" Ann@Example.ORG ", "ann@example.org"),
        ("a.b+c@example.org", "a.b+c@example.org"),
        ("a@B\u00dcCHER.example", "a@xn--bcher-kva.example"),
        ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
        ("a@b\u00fccher\u3002example", "a@xn--bcher-kva.example"),
        ("stra\u00dfe@stra\u00dfe.example", "stra\u00dfe@xn--strae-oqa.example"),
        ("\u00c9@example.org", "\u00c9@example.org"),
        ("a@under_score.example", "a@under_score.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_the_normal_form_lowers_ascii_and_encodes_the_domain(email: str, normal: str) -> None:
    assert normalise_email(email) == normal
    assert normalise_email(normal) == normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u212aate@example.org", "kate@example.org"),  # Kelvin sign
        ("stra\u00dfe@example.org", "strasse@example.org"),
        ("\u0130@example.org", "i@example.org"),
        ("\u0131@example.org", "i@example.org"),
        ("\u017fam@example.org", "sam@example.org"),
        ("\u00c9@example.org", "\u00e9@example.org"),
        ("\uff41nn@example.org", "ann@example.org"),
        ("a.nn@example.org", "ann@example.org"),
        ("ann+x@example.org", "ann@example.org"),
        ("a@stra\u00dfe.example", "a@strasse.example"),
    ],
)
def test_nothing_else_is_folded_in_accounts_and_roles(one: str, other: str) -> None:
    assert not is_same_email(one, other)
    user = User(uid="U", email=one, name="N", plan_id="free", created_at=0, updated_at=0)
    settings = make_settings(admin_emails=(other,))
    assert effective_role(user, settings) is Role.USER


@pytest.mark.parametrize("stored", ["ann@b\u00fccher.example", "ann@xn--bcher-kva.example"])
@pytest.mark.parametrize("setting", ["Ann@B\u00dcCHER.example", "ANN@XN--BCHER-KVA.EXAMPLE"])
def test_an_administrator_is_found_in_every_form_of_the_address(stored: str, setting: str) -> None:
    user = User(uid="U", email=stored, name="N", plan_id="free", created_at=0, updated_at=0)
    assert effective_role(user, make_settings(admin_emails=(setting,))) is Role.ADMIN


def test_an_invalid_address_in_admin_emails_stops_the_start() -> None:
    with pytest.raises(ValueError, match="`ADMIN_EMAILS` contains `ann`"):
        check_admin_emails(Settings.model_construct(admin_emails=("ann@example.org", "ann")))


NOT_ADDRESSES = [
    *("", "@", "ann", "@a.b", "ann@", "a b@c.d", "a@b@c.d", "a@c d"),
    *("a@c..d", "a@c.d.", "a@.d", f"a@{'x' * 64}.d", f"{'x' * 251}@c.d"),
    *("a\u200bb@c.d", "\u3164@c.d", "a@\u2800.d", "\u0301@c.d"),
    *("a@xn--\u00fc.d", "a\x7f@c.d", "a\ud800@c.d", "a@\ud800.d"),
]


@pytest.mark.parametrize("email", NOT_ADDRESSES)
def test_an_address_that_is_not_valid_is_refused(email: str) -> None:
    with pytest.raises(InvalidInput):
        normalise_email(email)


def test_only_addresses_beyond_ascii_have_further_stored_forms() -> None:
    assert stored_forms("Ann@Example.org") == ["ann@example.org"]
    assert stored_forms("Ann@XN--bcher-kva.example") == [
        "ann@xn--bcher-kva.example",
        "ann@b\u00fccher.example",
    ]


@pytest.mark.parametrize("text", INVISIBLE)
def test_an_invisible_text_is_refused_by_every_input_that_people_see(text: str) -> None:
    assert not is_visible(text)
    checks: list[Callable[[], object]] = [
        lambda: normalise_line(text, "name"),
        lambda: normalise_tag(text),
        lambda: normalise_key(text, "platform"),
        lambda: normalise_email(f"{text}@example.org"),
        lambda: card_fields(NewProblem(platform="p", number="1", title=text)),
        lambda: card_fields(NewProblem(platform="p", number="1", title="T", tags=[text])),
        lambda: text_fields(NewProblem(platform="p", number="1", title="T", statement=text)),
        lambda: validation.title(text),
        lambda: validation.name(text),
        lambda: validation.platform(text),
        lambda: validation.number(text),
        lambda: validation.tags([text]),
        lambda: validation.line(text, "reason", 10),
        lambda: validation.visible_text(text, "statement", 1024),
    ]
    for check in checks:
        with pytest.raises(InvalidInput):
            check()


@pytest.mark.parametrize(
    "text", ["A", "\u00e9", "\ud55c\uae00", "\u0645\u06cc\u200c\u062e\u0648", "\u2764\ufe0f", "1"]
)
def test_a_visible_text_is_accepted(text: str) -> None:
    assert is_visible(text)
    assert normalise_line(f" {text} ", "name") == text


@pytest.mark.parametrize("text", ["a\u202eb", "a\u2066b", "a\nb", "a\u2028b", "a\x00b", "a\ud800"])
def test_a_line_has_no_control_characters_and_keeps_its_direction(text: str) -> None:
    with pytest.raises(InvalidInput):
        normalise_line(text, "name")


@pytest.mark.parametrize(
    "text", ["a\u200bb", "a\u3164b", "a\u2060b", "a\ufe0f", "a\u034fb", "a\u00a0b", "a\u2003b"]
)
def test_a_key_has_no_invisible_characters(text: str) -> None:
    with pytest.raises(InvalidInput):
        normalise_key(text, "platform")


def test_names_and_tags_are_composed() -> None:
    assert normalise_key("cafe\u0301", "platform") == "caf\u00e9"
    assert normalise_line("cafe\u0301", "title") == "caf\u00e9"
    assert normalise_tag(" CAFE\u0301  x ") == "caf\u00e9 x"
    assert validation.platform("cafe\u0301") == "caf\u00e9"


@pytest.mark.parametrize("text", ["\u01f0", "\u0390", "\u1e96x", "\u0345\u03b1", "\u1fb3\u0301"])
def test_the_normal_form_of_a_tag_is_its_own_normal_form(text: str) -> None:
    normal = normalise_tag(text)
    assert normalise_tag(normal) == normal
