"""Regular expressions over client text read each character a bounded number of times."""

import re
from itertools import product

import pytest

import graphql_api
import hints
import judge
import tasks
from tests.support.regexes import Use, find_overlaps, find_uses

AUTHOR = "Reads no client text, only the package of a problem, on the operator's machine."
HOST = "Reads no client text, only the output of programs of the host."
SETTING = "Reads no client text, only the value of a setting."

# Modules whose patterns do not read client text.
REVIEWED_MODULES = {
    "graphql_api.cli.local.java": HOST,
    "graphql_api.cli.local.node": HOST,
    "graphql_api.cli.problem_packages.generators": AUTHOR,
    "graphql_api.cli.problem_packages.latex": AUTHOR,
    "graphql_api.cli.problem_packages.metadata": AUTHOR,
    "graphql_api.cli.problem_packages.reader": AUTHOR,
    "graphql_api.cli.problem_packages.statements": AUTHOR,
    "graphql_api.cli.problem_packages.submissions": AUTHOR,
    "graphql_api.cli.problem_packages.validators": AUTHOR,
    "graphql_api.config": SETTING,
    "judge.sandbox.report": "Reads no client text, only the report that the runner writes.",
    "judge.toolchains.detection": HOST,
}
# Their patterns look for the end of a command, and read the rest of the text again for each command
# without an end. The text has at most 192 KB.
UNPROVEN_MODULES = {
    "graphql_api.cli.problem_packages.latex",
    "graphql_api.cli.problem_packages.statements",
}
# The patterns that read client text, and the text that they read.
CLIENT_PATTERNS = {
    "graphql_api.http.middleware": {"_ACCEPTED": "The header with the request id."},
    "graphql_api.http.view": {"_PARAMETER": "The header `Content-Type`."},
    "graphql_api.resolvers.validation": {
        "_PLAN_KEY": "Keys of plans.",
        "_URL": "Addresses of problems.",
    },
    "graphql_api.schema.error_codes": {
        "_PIECE": "Messages of graphql-core that repeat parts of the document and the variables."
    },
    "graphql_api.schema.scalars": {
        "_DATE": "Values of the scalar Date.",
        "_DATE_TIME": "Values of the scalar DateTime.",
    },
    "graphql_api.schema.schema_names": {
        "_NAME": "Documents and messages of graphql-core.",
        "_QUOTED": "Messages of graphql-core.",
    },
    "judge.comparison.floats": {"_NUMBER": "Tokens of outputs."},
    "judge.comparison.tokenizer": {"_TOKEN": "Outputs of programs."},
    "judge.toolchains.compiler": {
        "_NOISE": "Output of compilers, which repeats parts of the source.",
        "_OBJECT": "Output of compilers, which repeats parts of the source.",
        "_PLACES": "Output of compilers, which repeats parts of the source.",
    },
}
# Modules whose patterns all read the same client text.
CLIENT_MODULES = {"judge.languages.failures": "Error output of programs."}
USES = find_uses((graphql_api, hints, judge, tasks))
CLIENT_USES = [use for use in USES if use.module not in REVIEWED_MODULES]
PROVEN_USES = [use for use in USES if use.module not in UNPROVEN_MODULES]
HOSTILE_CHARACTERS = 64 * 1024


def test_every_regular_expression_is_reviewed() -> None:
    patterns: dict[str, set[str]] = {}
    for use in USES:
        patterns.setdefault(use.module, set()).add(use.name)
    assert patterns.keys() == {
        *REVIEWED_MODULES,
        *CLIENT_PATTERNS,
        *CLIENT_MODULES,
    }
    for module, texts in CLIENT_PATTERNS.items():
        assert patterns[module] == texts.keys(), module


@pytest.mark.parametrize(
    "use", PROVEN_USES, ids=lambda use: f"{use.module}-{use.name}-{use.method}"
)
def test_a_regular_expression_reads_each_character_a_bounded_number_of_times(use: Use) -> None:
    assert find_overlaps(use.pattern, use.flags, use.method) == []


@pytest.mark.parametrize(
    "use", CLIENT_USES, ids=lambda use: f"{use.module}-{use.name}-{use.method}"
)
def test_a_regular_expression_ends_on_long_repetitive_texts(use: Use) -> None:
    pattern = re.compile(use.pattern, use.flags)
    characters = sorted({" ", "a", "1", *re.sub(r"[^!-/:-@\[-`{-~]", "", str(use.pattern))})[:16]
    for pair in product(characters, repeat=2):
        text = "".join(pair) * (HOSTILE_CHARACTERS // 2)
        given = text.encode() if isinstance(use.pattern, bytes) else text
        arguments = ("", given) if use.method in {"sub", "subn"} else (given,)
        answer = getattr(pattern, use.method)(*arguments)
        if use.method == "finditer":
            assert sum(len(match[0]) for match in answer) <= HOSTILE_CHARACTERS


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"\s*Did you mean .*$", "sub"),
        (r"a+$", "search"),
        (r"a+b", "search"),
        (r"(a+)+$", "match"),
        (r"(a|a)*b", "match"),
        (r"(?:a|ab)+c", "match"),
        (r"(\w+\s?)*$", "match"),
        (r".*x.*y", "match"),
        (r"\d+(\.\d+)+", "search"),
        (r"(b+c)?", "finditer"),
        (r"(?=a+b)", "search"),
        (r"[^@]+@[^@]+\.[^@.]+", "fullmatch"),
        (r"(?i)a+A+b", "match"),
    ],
)
def test_overlapping_repetitions_are_found(pattern: str, method: str) -> None:
    assert find_overlaps(pattern, 0, method)


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"[a-z]+", "finditer"),
        (r"a+b", "match"),
        (r"^\s*x", "search"),
        (r"(?:[^/]+/)*", "match"),
        (r'"(?:[^"\\]++|\\.)*+"?', "sub"),
        (r"(?<!\d)\d++(?:\.\d++)++", "search"),
        (r"[^@]+@[^@.]+(?:\.[^@.]+)+", "fullmatch"),
        (r"(?>a+)a+b", "match"),
    ],
)
def test_separated_repetitions_are_accepted(pattern: str, method: str) -> None:
    assert find_overlaps(pattern, 0, method) == []
