"""Conversion of problem statements from LaTeX to Markdown. Formulas between `$` do not change."""

import re

_COMMENT = re.compile(r"(?<!\\)%.*")
_NAME = re.compile(r"\\problemname\{((?:[^{}]|\{[^{}]*\})*)\}")
_PLAIN_NAME = re.compile(r"^%%[ \t]*+plainproblemname:[ \t]*+(.+)", re.MULTILINE)
_FORMULA = re.compile(r"(\$\$.*?\$\$|(?<!\\)\$.*?(?<!\\)\$|\\\[.*?\\\])", re.DOTALL)
_ARGUMENT = r"\{((?:[^{}]|\{[^{}]*\})*)\}"

# These replacements are applied in this order to the text between formulas.
_RULES: tuple[tuple[str, str], ...] = (
    (r"\\illustration" + 3 * r"\{[^{}]*\}", ""),
    (r"\\includegraphics(?:\[[^\]]*\])?\{[^{}]*\}", ""),
    (r"\\(?:nextsample|remainingsamples|noindent|medskip|smallskip|bigskip)\b", ""),
    (r"\\begin\{(Input|Output|Interaction)\}", r"## \1\n"),
    (r"[ \t]*\\(?:begin|end)\{[A-Za-z*]+\}(?:\[[^\]]*\])?[ \t]*\n?", ""),
    (r"\\(?:section|chapter)\*?" + _ARGUMENT, r"## \1\n"),
    (r"\\subsection\*?" + _ARGUMENT, r"### \1\n"),
    (r"(?<![ \t])[ \t]*+\\item\b[ \t]*", "- "),
    (r"\\textbf" + _ARGUMENT, r"**\1**"),
    (r"\\(?:emph|textit|textsl)" + _ARGUMENT, r"*\1*"),
    (r"\\(?:texttt|url)" + _ARGUMENT, r"`\1`"),
    (r"\\verb([|!+])(.*?)\1", r"`\2`"),
    (r"\\href\{([^{}]*)\}" + _ARGUMENT, r"[\2](\1)"),
    (r"\\(?:ldots|dots|textellipsis)\b(?:\{\})?", "…"),
    (r"\\\\(?:\[[^\]]*\])?", "\n"),
    (r"---", "\N{EM DASH}"),
    (r"--", "\N{EN DASH}"),
    (r"``|''", '"'),
    (r"(?<!\\)~", " "),
    (r"\\([%&_#$ {}])", r"\1"),
)
_COMPILED = tuple((re.compile(pattern), text) for pattern, text in _RULES)


def problem_name(latex: str) -> str | None:
    """Return the name of the problem from its statement, or None if the statement has no name."""
    if match := _PLAIN_NAME.search(latex):
        return match[1].strip()
    match = _NAME.search(_COMMENT.sub("", latex))
    return _convert_text(match[1]).strip() or None if match else None


def to_markdown(latex: str) -> str:
    """Convert a statement from LaTeX to Markdown.

    Only commands that are common in statements are converted. All other commands stay as they are.
    """
    text = _NAME.sub("", _COMMENT.sub("", latex))
    parts = _FORMULA.split(text)
    parts[::2] = [_convert_text(part) for part in parts[::2]]
    return re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip() + "\n"


def _convert_text(text: str) -> str:
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text)
    return text
