import io
import math
import tracemalloc
from collections import Counter
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.enums import Comparer
from judge.comparison import comparers, tokenizer, unordered
from judge.comparison.comparers import WHITE, UnsupportedComparer, compare
from judge.comparison.differences import Comparison

TEXT = st.text(alphabet="ab1 \t\n\r\x0b\x0c.-", max_size=60).map(str.encode)
CHARS = st.sampled_from(
    [b"\n", b" ", b"a", b"bb", b"7", b"\r\n", b"  \n", b"\xea\xb0\x80", b"\x00"]
)
OUTPUTS = st.one_of(TEXT, st.lists(CHARS, max_size=30).map(b"".join), st.binary(max_size=40))
PADDING = st.sampled_from([b"", b"\n", b" \n\n", b"x"])
BLOCKS = st.integers(1, 3)


def agree(comparer, expected, actual, **tolerances) -> Comparison:
    return compare(comparer, io.BytesIO(expected), io.BytesIO(actual), **tolerances)


class Counting(io.BytesIO):
    """Counts the largest read and all bytes read."""

    largest = total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert (size or -1) > 0, "the whole file was asked for"
        assert size is not None
        self.largest = max(self.largest, size)
        block = super().read(size)
        self.total += len(block)
        return block


@contextmanager
def reading(size, blocks=1 << 20):
    """Set two constants of the module: the size of a block, and the longest complete item."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "BLOCK", size)
        patch.setattr(tokenizer, "LONGEST", size * blocks)
        yield


@pytest.fixture(params=[1, 2, 3, 7, 1 << 20], ids="block of {}".format)
def block(request):
    with reading(request.param):
        yield


def naive_lines(data) -> list[bytes]:
    lines = [line.rstrip() for line in data.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


class TestStreamedComparisonsEqualNaiveOnes:
    """The results do not depend on the borders of blocks."""

    @pytest.mark.parametrize("size", [1, 2, 5, 1 << 20])
    @given(expected=OUTPUTS, actual=OUTPUTS, same=st.booleans(), blocks=BLOCKS)
    def test_tokens(self, size, expected, actual, same, blocks):
        actual = b" ".join(expected.split()) if same else actual
        with reading(size, blocks):
            got = agree(Comparer.TOKENS, expected, actual).equal
        assert got == (expected.split() == actual.split())

    @pytest.mark.parametrize("size", [1, 2, 5, 1 << 20])
    @given(expected=OUTPUTS, actual=OUTPUTS, padding=PADDING, blocks=BLOCKS)
    def test_lines(self, size, expected, actual, padding, blocks):
        for one in (actual, expected + padding, expected.replace(b"\n", padding + b"\n")):
            with reading(size, blocks):
                got = agree(Comparer.LINES, expected, one).equal
            assert got == (naive_lines(expected) == naive_lines(one))

    @pytest.mark.parametrize("size", [1, 2, 5, 1 << 20])
    @given(expected=OUTPUTS, actual=OUTPUTS, blocks=BLOCKS, random=st.randoms())
    def test_unordered_lines(self, size, expected, actual, blocks, random):
        shuffled = naive_lines(expected)
        random.shuffle(shuffled)
        for one in (actual, b"\n".join(shuffled), b"\n".join(shuffled[1:])):
            with reading(size, blocks):
                got = agree(Comparer.UNORDERED_LINES, expected, one)
            wanted, given_ = (Counter(filter(None, naive_lines(out))) for out in (expected, one))
            assert got.equal == (wanted == given_)
            if given_ - wanted:
                assert got.message.startswith("The line at")
                assert got.position is not None
                assert naive_lines(one)[got.position.line - 1] in given_ - wanted
            elif wanted - given_:
                assert got.message == "A line of the expected output is missing."

    @pytest.mark.parametrize("size", [1, 3, 1 << 20])
    @given(expected=OUTPUTS, actual=OUTPUTS)
    def test_exact(self, size, expected, actual):
        for one in (actual, expected):
            with reading(size):
                assert agree(Comparer.EXACT, expected, one).equal == (expected == one)

    @given(text=st.text(max_size=40))
    def test_letter_case(self, text):
        data = text.swapcase().encode("utf-8", "surrogatepass")
        given_ = text.encode("utf-8", "surrogatepass")
        got = agree(Comparer.TOKENS_IGNORE_CASE, given_, data).equal
        naive = [
            [token.decode("utf-8", "surrogateescape").casefold() for token in one.split()]
            for one in (given_, data)
        ]
        assert got == (naive[0] == naive[1])

    @given(
        wanted=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=6),
        offset=st.floats(-2e-6, 2e-6),
        at=st.integers(0, 5),
    )
    def test_floats(self, wanted, offset, at):
        got = list(wanted)
        if at < len(got):
            got[at] += offset
        if any(map(math.isinf, got)):
            return
        naive = all(
            abs(a - b) <= 1e-6 or abs(a - b) <= 1e-6 * abs(a)
            for a, b in zip(wanted, got, strict=True)
        )
        expected = " ".join(map(repr, wanted)).encode()
        assert agree(Comparer.FLOAT, expected, "\n".join(map(repr, got)).encode()).equal == naive


@pytest.mark.usefixtures("block")
class TestTokens:
    @pytest.mark.parametrize(
        ("expected", "actual"),
        [(b"", b" \n\t"), (b"1 2\n3", b"1\r\n2\r\n3\r\n"), (b"a", b"\x0b\x0ca"), (b"", b"")],
    )
    def test_white_space_does_not_matter(self, expected, actual):
        assert agree(Comparer.TOKENS, expected, actual).equal

    @pytest.mark.parametrize(
        ("actual", "message", "wanted", "given_"),
        [
            (b"10 20 3", "The output differs at line 1, column 7.", "30", "3"),
            (b"10\n 30 30", "The output differs at line 2, column 2.", "20", "30"),
            (b"10", "The output ends at line 1, column 3, but more output is expected.", "20", ""),
            (
                b"10 20\n",
                "The output ends at line 2, column 1, but more output is expected.",
                "30",
                "",
            ),
            (b"", "The output ends at line 1, column 1, but more output is expected.", "10", ""),
            (
                b"10 20\n30 40",
                "The output is too long: it should end before line 2, column 4.",
                "",
                "40",
            ),
            (b"1020 30", "The output differs at line 1, column 1.", "10", "1020"),
            (b"10 20\n\xea\xb0\x80 4", "The output differs at line 2, column 1.", "30", "\uac00"),
        ],
    )
    def test_the_first_difference_is_named(self, actual, message, wanted, given_):
        got = agree(Comparer.TOKENS, b"10 20\n30\n", actual)
        assert not got.equal
        assert (got.message, got.expected, got.actual) == (message, wanted, given_)

    def test_letter_case_matters_only_if_asked(self):
        assert not agree(Comparer.TOKENS, b"YES", b"Yes").equal
        assert agree(Comparer.TOKENS_IGNORE_CASE, b"YES Stra\xc3\x9fe", b"yes STRASSE").equal
        assert not agree(Comparer.TOKENS_IGNORE_CASE, b"YES", b"Yess").equal

    def test_letter_case_does_not_matter_in_a_word_of_any_length(self):
        with reading(4, blocks=1):
            for one, other in ((b"Ab" * 9, b"aB" * 9), (b"x " + b"Y" * 20, b"X\ny" + b"Y" * 19)):
                assert agree(Comparer.TOKENS_IGNORE_CASE, one, other).equal
                assert not agree(Comparer.TOKENS, one, other).equal
                assert not agree(Comparer.TOKENS_IGNORE_CASE, one, other + b"y").equal
                assert not agree(Comparer.TOKENS_IGNORE_CASE, one, other[:-1] + b"z").equal

    def test_a_word_is_shown_in_its_own_letters(self):
        got = agree(Comparer.TOKENS_IGNORE_CASE, b"YES No", b"yes Na")
        assert (got.expected, got.actual) == ("No", "Na")

    def test_what_is_no_text_is_compared_as_it_is(self):
        assert agree(Comparer.TOKENS, b"\xff\xfe 1", b"\xff\xfe\n1").equal
        assert not agree(Comparer.TOKENS_IGNORE_CASE, b"\xff", b"\xfe").equal


@pytest.mark.usefixtures("block")
class TestLines:
    @pytest.mark.parametrize(
        "actual", [b"a b\nc", b"a b  \nc\n\n\n", b"a b\r\nc\r\n", b"a b\nc\n \t"]
    )
    def test_white_space_at_the_ends_does_not_matter(self, actual):
        assert agree(Comparer.LINES, b"a b\nc\n", actual).equal

    @pytest.mark.parametrize(
        ("actual", "message"),
        [
            (b" a b\nc", "The output differs at line 1, column 1. Only white space differs."),
            (b"a  b\nc", "The output differs at line 1, column 3. Only white space differs."),
            (b"a b\n\nc", "The output differs at line 2, column 1. Only white space differs."),
            (b"a b", "The output ends at line 1, column 4, but more output is expected."),
            (b"a b\nc\n\nd", "The output is too long: it should end before line 4, column 1."),
            (b"a b\nd", "The output differs at line 2, column 1."),
            (b"a b\ncd", "The output differs at line 2, column 2."),
        ],
    )
    def test_elsewhere_it_does(self, actual, message):
        got = agree(Comparer.LINES, b"a b\nc\n", actual)
        assert (got.equal, got.message) == (False, message)


@pytest.mark.usefixtures("block")
class TestExact:
    @pytest.mark.parametrize(
        ("actual", "message"),
        [
            (b"a\nb", f"The output ends at line 2, column 2, but more output is expected.{WHITE}"),
            (b"a\nc\n", "The output differs at line 2, column 1."),
            (b"a\nb\n\n", f"The output is too long: it should end before line 3, column 1.{WHITE}"),
            (b"a\nb \n", f"The output differs at line 2, column 2.{WHITE}"),
            (b"", "The output ends at line 1, column 1, but more output is expected."),
        ],
    )
    def test_every_byte_counts(self, actual, message):
        got = agree(Comparer.EXACT, b"a\nb\n", actual)
        assert (got.equal, got.message) == (False, message)

    def test_equal_bytes_are_equal(self):
        assert agree(Comparer.EXACT, b"a\nb\n", b"a\nb\n").equal


@pytest.mark.usefixtures("block")
class TestFloat:
    @pytest.mark.parametrize(
        ("expected", "actual"),
        [
            (b"1.0", b"1"),
            (b"1e3", b"1000.0"),
            (b"+5.", b"5"),
            (b".5", b"5E-1"),
            (b"0", b"-0.0000009"),
            (b"1000000", b"1000000.9"),
            (b"YES 3", b"YES 3.0"),
            (b"inf", b"inf"),
            (b"1e999", b"1e999"),
        ],
    )
    def test_close_enough(self, expected, actual):
        assert agree(Comparer.FLOAT, expected, actual).equal

    @pytest.mark.parametrize(
        ("expected", "actual"),
        [
            (b"1.0", b"1.00001"),
            (b"0", b"0.000002"),
            (b"1", b"nan"),
            (b"nan", b"nan"),
            (b"NaN 1", b"NaN 1"),
            (b"1", b"inf"),
            (b"1", b"-inf"),
            (b"1000", b"1_000"),
            (b"1", b"0x1"),
            (b"YES", b"yes"),
            (b"1", b"one"),
            (b"1 2", b"1"),
            (b"1", b"1 2"),
            (b"1", b"\xd9\xa1"),
            (b"1e999", b"1e308"),
            (b"1e400", b"1e999"),
            (b"-1e400", b"-1e999"),
            (b"1e400", b"inf"),
            (b"1e400", b"1"),
        ],
    )
    def test_not_close_or_no_number(self, expected, actual):
        assert not agree(Comparer.FLOAT, expected, actual).equal

    def test_a_word_that_is_nearly_a_number_is_read_once(self):
        """A regular expression that backtracks would take minutes."""
        for digits in (b"1" * 250_000, b"1." + b"1" * 250_000, b"1e" + b"1" * 250_000):
            assert not agree(Comparer.FLOAT, b"1", digits + b"x").equal

    def test_one_tolerance_alone_switches_the_other_off(self):
        assert not agree(Comparer.FLOAT, b"1000000", b"1000000.9", abs_tolerance=1e-6).equal
        assert not agree(Comparer.FLOAT, b"0", b"0.0000009", rel_tolerance=1e-6).equal
        assert agree(Comparer.FLOAT, b"100", b"101", rel_tolerance=0.011).equal
        assert agree(Comparer.FLOAT, b"100", b"101", abs_tolerance=1.0).equal

    def test_tolerance_zero_means_equal(self):
        assert not agree(Comparer.FLOAT, b"1", b"1.0000000001", abs_tolerance=0.0).equal
        assert agree(Comparer.FLOAT, b"1", b"1.0", abs_tolerance=0.0).equal


@pytest.mark.parametrize("comparer", [Comparer.CHECKER, Comparer.INTERACTIVE])
def test_comparers_that_need_a_program_are_refused_by_name(comparer):
    with pytest.raises(UnsupportedComparer, match=f"{comparer}.*TOKENS"):
        agree(comparer, b"", b"")


def test_shown_pieces_are_at_most_200_characters():
    got = agree(Comparer.TOKENS, b"x" * 10_000_000, "가".encode() * 1_000_000)
    assert got.expected == "x" * 199 + "…"
    assert got.actual == "가" * 199 + "…"


@pytest.mark.parametrize("comparer", [Comparer.TOKENS, Comparer.LINES, Comparer.EXACT])
def test_of_a_long_piece_the_text_around_the_difference_is_shown(comparer):
    beginning = "가".encode() * 500_000
    got = agree(comparer, beginning + b"0" + b"z" * 500, beginning + b"1" + b"z" * 500)
    assert got.position == (1, 500_001)
    assert (got.expected[:22], got.actual[:22]) == ("…" + "가" * 20 + "0", "…" + "가" * 20 + "1")
    assert len(got.expected) <= 201


@pytest.mark.usefixtures("block")
class TestUnorderedLines:
    @pytest.mark.parametrize("actual", [b"c\na b\na b", b"a b  \nc\r\n\na b\n", b"\na b\na b\nc"])
    def test_neither_order_nor_blank_lines_matter(self, actual):
        assert agree(Comparer.UNORDERED_LINES, b"a b\nc\na b\n", actual).equal

    @pytest.mark.parametrize(
        ("actual", "message", "wanted", "given_"),
        [
            (b"c\nb a\na b", "The line at line 2, column 1 is not expected, {}", "", "b a"),
            (b"a b\nc\nc\na b", "The line at line 3, column 1 is not expected, {}", "", "c"),
            (b"c\na b", "A line of the expected output is missing.", "a b", ""),
            (b"", "A line of the expected output is missing.", "a b", ""),
            (b"a b\nc\na b\n\nd", "The line at line 5, column 1 is not expected, {}", "", "d"),
        ],
    )
    def test_the_first_line_that_is_wrong_is_named(self, actual, message, wanted, given_):
        got = agree(Comparer.UNORDERED_LINES, b"a b\nc\na b\n", actual)
        assert got.message == message.format("or it occurs too often.")
        assert (got.equal, got.expected, got.actual) == (False, wanted, given_)

    def test_where_too_many_lines_could_be_the_wrong_one_none_is_named(self, monkeypatch):
        monkeypatch.setattr(unordered, "MOST_SUSPECTS", 1)
        monkeypatch.setattr(unordered, "BUCKETS", 1)
        got = agree(Comparer.UNORDERED_LINES, b"a\nb\nc", b"c\nb\nd")
        assert (got.equal, got.position) == (False, None)


class TestFloodsOfLines:
    @pytest.mark.parametrize("expected", [b"x\n", b"x\ny\n" * 3])
    def test_more_lines_than_are_expected_are_not_read(self, expected):
        actual = Counting(b"a\n" * 5_000_000)
        got = compare(Comparer.UNORDERED_LINES, io.BytesIO(expected), actual)
        assert (got.equal, got.position, got.actual) == (False, (1, 1), "a")
        assert actual.total < 20 * tokenizer.BLOCK

    def test_the_first_line_too_many_is_found_among_as_many_as_are_expected(self):
        got = agree(Comparer.UNORDERED_LINES, b"a\nb\nc", b"\n\nb\n\na\n\na\nd\nd\n" + b"e\n" * 9)
        assert (got.equal, got.position, got.actual) == (False, (5, 1), "a")

    @pytest.mark.parametrize("blank", [b"\n", b" \n", b"\r\n\n"])
    @pytest.mark.parametrize("comparer", [Comparer.UNORDERED_LINES, Comparer.LINES])
    def test_however_many_blank_lines_do_not_matter(self, comparer, blank):
        flood = blank * 500_000
        assert agree(comparer, b"x\n", b"x" + flood).equal
        assert not agree(comparer, b"x\n", b"x" + flood + b"y").equal
        assert agree(Comparer.UNORDERED_LINES, b"x\ny\n", flood + b"y" + flood + b"x").equal
        assert not agree(Comparer.UNORDERED_LINES, b"x\ny\n", flood).equal


HUGE = {
    "words": b"1234567 " * 1_300_000,
    "one word": b"x" * 10_000_000,
    "one line": b"x  " * 3_300_000,
    "blanks": b"1" + b" " * 10_000_000 + b"2",
}


@pytest.mark.slow
@pytest.mark.parametrize("text", HUGE)
@pytest.mark.parametrize("comparer", sorted(comparers.SUPPORTED))
def test_outputs_of_ten_megabytes_are_compared_in_a_fraction_of_their_size(comparer, text):
    """The outputs differ from the first byte on, so no common beginning is skipped."""
    expected, actual = Counting(b"0\n" + HUGE[text]), Counting(b"\n 0\n" + HUGE[text])
    tracemalloc.start()
    try:
        found = compare(comparer, expected, actual)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    lines = Comparer.LINES, Comparer.EXACT, Comparer.UNORDERED_LINES
    assert found.equal == (comparer not in lines)
    assert max(expected.largest, actual.largest) <= 1 << 20
    assert peak < 9 << 20
