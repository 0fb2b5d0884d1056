"""The normal forms of e-mail addresses, tags, platforms, problem numbers, names and titles.

For example, two e-mail addresses belong to the same account if their normal forms are equal. Use
only the functions of this module to normalise or compare these texts. The module also checks that a
text has visible characters.
"""

import unicodedata
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase

import idna

from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import EMAIL_CHARACTERS, NAME_BYTES, TAG_BYTES, TAG_CHARACTERS

DOMAIN_CHARACTERS = 253
LABEL_CHARACTERS = 63
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_NOT_IN_ADDRESSES = frozenset('@<>,;:"')
# Unicode categories of invisible characters: controls, format characters, surrogates, unassigned
# and private characters, and spaces. Combining marks are included, because they are visible only
# together with another character.
_WITHOUT_INK = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zs", "Zl", "Zp", "Mn", "Me"})
# Letters and symbols that Unicode defines as blank: Hangul fillers, the empty Braille pattern, and
# the null note head of musical notation.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159")
# Characters that no line may contain: controls, surrogates and line separators.
_NOT_IN_LINES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Embeddings, overrides and isolates change the direction of the text after them.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_visible(text: str) -> bool:
    """Return whether a text has at least one visible character.

    White space, control characters and combining marks are not visible characters.
    """
    return any(map(_has_ink, text))


def _has_ink(character: str) -> bool:
    return character not in _BLANK and unicodedata.category(character) not in _WITHOUT_INK


def _is_hidden(character: str) -> bool:
    """Return whether a character is invisible and does not change the look of other characters.

    Two texts that differ only in such characters would look equal. A combining mark is not hidden,
    because it changes the look of another character.
    """
    if character.isascii():
        return not character.isprintable() or character == " "
    is_mark = unicodedata.category(character) in {"Mn", "Me"}
    is_ignorable = unicodedata.name(character, "").startswith(
        ("VARIATION SELECTOR", "COMBINING GRAPHEME JOINER", "MONGOLIAN FREE VARIATION")
    )
    return is_ignorable or not (is_mark or _has_ink(character))


def check_visible(text: str, field: str) -> str:
    """Check that a text is empty or has a visible character, and return the text unchanged.

    `field` is the name of the input field for the error message.

    Raises:
        InvalidInput: the text consists of invisible characters only.
    """
    if text and not is_visible(text):
        raise InvalidInput(f"`{field}` must contain at least one visible character.", (field,))
    return text


def normalise_line(text: str, field: str) -> str:
    """Return the normal form of one line of text, such as a name or a title.

    The normal form is Unicode NFC without white space at the start and end. `field` is the name of
    the input field for the error message.

    Raises:
        InvalidInput: the line has no visible character, or contains control characters or
            characters that change the direction of the text.
    """
    normal = unicodedata.normalize("NFC", text).strip()
    if not normal:
        raise InvalidInput(f"`{field}` must not be empty.", (field,))
    if any(unicodedata.category(character) in _NOT_IN_LINES for character in normal):
        raise InvalidInput(f"`{field}` must be one line without control characters.", (field,))
    if not _BIDI_CONTROLS.isdisjoint(normal):
        raise InvalidInput(
            f"`{field}` must not contain characters that change the direction of the text.",
            (field,),
        )
    return check_visible(normal, field)


def normalise_name(name: str) -> str:
    """Return the normal form of a user's name (see `normalise_line`).

    Raises:
        InvalidInput: the name is longer than 200 bytes in UTF-8, or is not a valid line.
    """
    normal = normalise_line(name, "name")
    if len(normal.encode()) > NAME_BYTES:
        raise InvalidInput(f"`name` must be 1 to {NAME_BYTES} bytes in UTF-8.", ("name",))
    return normal


def normalise_key(text: str, field: str) -> str:
    """Return the normal form of a text that becomes part of a key, such as a platform.

    The normal form is Unicode NFC. `field` is the name of the input field for the error message.

    Raises:
        InvalidInput: the text is empty or contains '#', ':' or invisible characters.
    """
    normal = unicodedata.normalize("NFC", text)
    if not normal or any(c in "#:" or (c != " " and _is_hidden(c)) for c in normal):
        raise InvalidInput(
            f"`{field}` must not be empty or contain '#', ':' or invisible characters.", (field,)
        )
    return check_visible(normal, field)


def normalise_tag(tag: str, field: str = "tags") -> str:
    """Return the normal form of a tag: Unicode NFC, case-folded, with single spaces.

    `field` is the name of the input field for the error message.

    Raises:
        InvalidInput: the tag is empty or too long, or contains '#', ':' or invisible characters.
    """
    composed = unicodedata.normalize("NFC", " ".join(tag.split()))
    normal = normalise_key(composed.casefold(), field)
    if len(normal) > TAG_CHARACTERS or len(normal.encode()) > TAG_BYTES:
        raise InvalidInput(
            f"`{field}` must be at most {TAG_CHARACTERS} characters and {TAG_BYTES} bytes in "
            "UTF-8.",
            (field,),
        )
    return normal


def normalise_email(email: str) -> str:
    """Return the normal form of an e-mail address. Equal normal forms mean the same account.

    ASCII letters become lower case. The domain is converted to its ASCII form (IDNA, UTS 46,
    non-transitional). All other differences remain: letters beyond ASCII, dots, and suffixes after
    a plus sign distinguish accounts.

    Raises:
        InvalidInput: the e-mail address is not valid.
    """
    local, at, domain = email.strip().rpartition("@")
    has_bad_character = any(c in _NOT_IN_ADDRESSES or _is_hidden(c) for c in local)
    if not at or has_bad_character or not is_visible(local):
        raise _bad_email()
    normal = f"{local.translate(_ASCII_LOWER)}@{_normalise_domain(domain)}"
    if len(normal) > EMAIL_CHARACTERS:
        raise _bad_email()
    return normal


def _normalise_domain(domain: str) -> str:
    # An ASCII domain is not encoded: IDNA forbids underscores, but existing domains may contain
    # underscores.
    normal = domain if domain.isascii() else _encode_domain(domain)
    if len(normal) > DOMAIN_CHARACTERS or not all(map(_is_label, normal.split("."))):
        raise _bad_email()
    return normal.translate(_ASCII_LOWER)


def _encode_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise _bad_email() from error


def _is_label(label: str) -> bool:
    is_word = label.isprintable() and " " not in label and _NOT_IN_ADDRESSES.isdisjoint(label)
    return 0 < len(label) <= LABEL_CHARACTERS and is_word


def _bad_email() -> InvalidInput:
    return InvalidInput("`email` must be an e-mail address such as ann@example.org.", ("email",))


@lru_cache(maxsize=16)
def email_set(emails: tuple[str, ...]) -> frozenset[str]:
    """Return the normal forms of e-mail addresses, such as the addresses in `ADMIN_EMAILS`.

    Raises:
        InvalidInput: one of the addresses is not valid.
    """
    return frozenset(map(normalise_email, emails))


def is_one_of(email: str, normal_forms: frozenset[str]) -> bool:
    """Return whether the normal form of an address is in the set.

    For an invalid address, the result is False.
    """
    try:
        return normalise_email(email) in normal_forms
    except InvalidInput:
        return False


def is_same_email(one: str, other: str) -> bool:
    """Return whether two addresses belong to the same account.

    If one of the addresses is not valid, the result is False.
    """
    try:
        return is_one_of(one, frozenset({normalise_email(other)}))
    except InvalidInput:
        return False


def stored_forms(email: str) -> list[str]:
    """Return all forms in which an address may be stored. The normal form comes first.

    The previous version of the program stored the other forms: Unicode NFC in lower case, with the
    domain in ASCII or in Unicode. For most addresses, all forms are equal, so the list has one
    element.

    Raises:
        InvalidInput: the e-mail address is not valid.
    """
    normal = normalise_email(email)
    forms = [normal, _former_form(email), _former_form(_with_unicode_domain(normal))]
    return list(dict.fromkeys(forms))


def _former_form(email: str) -> str:
    return unicodedata.normalize("NFC", email).strip().lower()


def _with_unicode_domain(email: str) -> str:
    local, _, domain = email.rpartition("@")
    try:
        return f"{local}@{idna.decode(domain)}" if "xn--" in domain else email
    except (idna.IDNAError, UnicodeError):
        return email
