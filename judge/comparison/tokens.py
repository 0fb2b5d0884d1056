"""The comparers TOKENS and TOKENS_IGNORE_CASE. The comparer FLOAT uses the same function."""

import operator

from judge.comparison import tokenizer
from judge.comparison.differences import EQUAL, Comparison, Outputs, describe_difference
from judge.comparison.matching import EXACT_MATCH, MatchRule, find_mismatch


def _match_ignoring_case(expected: bytes, actual: bytes) -> bool:
    return (
        expected.decode("utf-8", "surrogateescape").casefold()
        == actual.decode("utf-8", "surrogateescape").casefold()
    )


IGNORE_CASE = MatchRule(operator.eq, _match_ignoring_case, tokenizer.lower_tokens)


def compare_tokens(outputs: Outputs, same: int, rule: MatchRule) -> Comparison:
    """Compare the tokens of two outputs whose first `same` bytes are equal."""
    start = tokenizer.start_of_token(outputs.expected, same)
    outputs.seek(start, start)
    number = find_mismatch(rule.tokens(outputs.expected), rule.tokens(outputs.actual), rule)
    if number is None:
        return EQUAL
    starts = (
        tokenizer.nth_token(outputs.expected, start, number),
        tokenizer.nth_token(outputs.actual, start, number),
    )
    outputs.seek(*starts)
    common = (tokenizer.same_beginning(*outputs) or 0) if rule is EXACT_MATCH else 0
    # The message contains the position of the token. But if the token is so long that the excerpt
    # does not begin with it, the message contains the position of the difference.
    far = common if common > 2 * tokenizer.CONTEXT_BYTES else 0
    return describe_difference(outputs, starts, far, tokenizer.excerpt)
