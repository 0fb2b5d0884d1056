"""Verdicts and compiler messages from given reports; no program runs."""

import io

import pytest

from graphql_api.data.enums import Verdict
from graphql_api.data.limits import COMPILE_OUTPUT_BYTES
from judge.languages import LANGUAGES
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.report import Outcome, Report, RunLimits
from judge.toolchains.compiler import clean_output
from judge.verdicts import decide_verdict

LIMITS = RunLimits(cpu_ms=1000, wall_ms=4000, memory_kb=65_536)
MEMORY_ERRORS = (b"MemoryError",)


def verdict(outcome, stderr=b"", **times) -> Verdict:
    report = Report(outcome, io.BytesIO(), stderr, LimitBackend.RLIMITS, **times)
    return decide_verdict(report, LIMITS, MEMORY_ERRORS)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.OK, Verdict.AC),
        (Outcome.CPU_LIMIT, Verdict.TLE),
        (Outcome.MEMORY, Verdict.MLE),
        (Outcome.OUTPUT, Verdict.OLE),
        (Outcome.NONZERO_EXIT, Verdict.RE),
        (Outcome.SIGNALLED, Verdict.RE),
        (Outcome.INTERNAL, Verdict.IE),
    ],
)
def test_each_outcome_has_its_verdict(outcome, expected):
    assert verdict(outcome) is expected


@pytest.mark.parametrize(("cpu_ms", "expected"), [(499, Verdict.ILE), (500, Verdict.TLE)])
def test_the_wall_limit_is_idleness_below_half_the_cpu_limit(cpu_ms, expected):
    assert verdict(Outcome.WALL_LIMIT, cpu_ms=cpu_ms, wall_ms=4000) is expected


@pytest.mark.parametrize(("waited_ms", "expected"), [(1899, Verdict.ILE), (1900, Verdict.TLE)])
def test_a_program_that_waited_for_a_cpu_was_not_idle(waited_ms, expected):
    times = {"cpu_ms": 100, "wall_ms": 4000, "waited_ms": waited_ms}
    assert verdict(Outcome.WALL_LIMIT, **times) is expected


def test_a_runtime_s_own_word_for_no_memory_counts_only_when_it_failed():
    said = b"Traceback ...\nMemoryError\n"
    assert verdict(Outcome.NONZERO_EXIT, stderr=said) is Verdict.MLE
    assert verdict(Outcome.OK, stderr=said) is Verdict.AC
    assert verdict(Outcome.CPU_LIMIT, stderr=said) is Verdict.TLE


SPECS = {spec.id: spec for spec in LANGUAGES}
C, JAVASCRIPT, JAVA = SPECS["c"], SPECS["javascript"], SPECS["java"]


class TestCleanOutput:
    def test_inner_paths_are_removed(self):
        assert clean_output(b"/box/main.c:1: error: at /box/main.c", C) == (
            "main.c:1: error: at main.c"
        )

    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            (b"/usr/include/c++/12/bits/stl_algo.h:1950: note", "stl_algo.h:1950: note"),
            (
                b"/usr/bin/ld: /tmp/ccAb1XyZ.o: in function `main':",
                "ld: main.o: in function `main':",
            ),
            (b"In file included from /box/a.h:2,", "In file included from a.h:2,"),
            (b"(/usr/share/perl5/x.pm)", "(x.pm)"),
            (b"a /b/ c; d / e; x/tmp/y; http://a/usr/b", "a /b/ c; d / e; x/tmp/y; http://a/usr/b"),
        ],
    )
    def test_paths_are_removed_and_names_stay(self, raw, expected):
        assert clean_output(raw, C) == expected

    def test_a_checker_s_own_frames_are_removed(self):
        said = (
            b"/box/main.js:1\nlet let\n    ^^^\n\nSyntaxError: no\n"
            b"    at wrapSafe (node:internal/modules/cjs/loader:1)\n\nNode.js v20.1.0\n"
        )
        assert clean_output(said, JAVASCRIPT) == "main.js:1\nlet let\n    ^^^\nSyntaxError: no"

    @pytest.mark.timeout(10)
    def test_what_is_nearly_such_a_frame_is_read_once(self):
        """A regular expression that backtracks would take tens of seconds."""
        said = b"x" + b"\n" * 32_000 + b" at " + b"n" * 32_000
        assert clean_output(said, JAVASCRIPT) == f"x\n at {'n' * 32_000}"

    @pytest.mark.parametrize(
        "said",
        [b"main.pl syntax OK\n", b"Syntax OK\n", b"No syntax errors detected in main.php\n"],
    )
    def test_praise_of_a_checker_is_removed(self, said):
        assert clean_output(said, JAVASCRIPT) == ""

    def test_what_helps_is_added_where_a_compiler_does_not_say_it(self):
        said = b"error: class A is public, should be declared in a file named A.java"
        assert "a class `Main`" in clean_output(said, JAVA)
        assert "a class `Main`" not in clean_output(b"error: other", JAVA)

    def test_it_is_cut_to_64_kb_of_whole_characters(self):
        text = clean_output("가".encode() * 50_000, C)
        assert set(text.removesuffix("\n… (cut)")) == {"가"}
        assert text.endswith("(cut)")
        assert COMPILE_OUTPUT_BYTES - 3 <= len(text.encode()) <= COMPILE_OUTPUT_BYTES

    def test_what_is_no_text_is_replaced(self):
        assert clean_output(b"a\xffb", C) == "a�b"
