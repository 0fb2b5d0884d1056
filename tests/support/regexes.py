"""Finds the regular expressions of modules, and proves that their work is linear.

The proof is conservative. It reads the syntax tree of a pattern and accepts the pattern only if two
conditions hold. No two repetitions without an upper bound can share characters in more than one
way. A search that fails does not read the same characters again from its next start position.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from itertools import count, product
from pathlib import Path
from re import _constants as ops  # type: ignore[attr-defined] # there is no public parser
from re import _parser  # type: ignore[attr-defined] # there is no public parser
from types import ModuleType
from typing import Any

# A repetition with at most this many rounds costs a constant factor.
BOUNDED = 128
SAMPLES = frozenset([*map(chr, range(256)), "가", "…", "\u2028", "İ"])
UNANCHORED = frozenset({"search", "sub", "subn", "split", "findall", "finditer"})


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a pattern: single characters, a repetition, or a position of width zero."""

    characters: frozenset[str] = frozenset()
    # The characters before or at which the position of width zero cannot be.
    excluded: frozenset[str] = frozenset()
    least: int = 1
    unbounded: bool = False
    backtracks: bool = True
    # Whether this position of width zero can make a match fail.
    is_test: bool = False
    # The optional groups that contain this part, outermost last.
    groups: frozenset[int] = frozenset()
    inner: tuple["Way", ...] = field(default=(), repr=False)


Way = tuple[Item, ...]
_group_ids = count()


def find_overlaps(pattern: str | bytes, flags: int, used: str) -> list[str]:
    """Return the reasons why the work of a pattern may not be linear.

    `used` is the name of the method, such as `fullmatch`.
    """
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    if isinstance(pattern, bytes):
        flags |= re.ASCII
    tree = _parser.parse(text, flags & ~re.UNICODE if flags & re.ASCII else flags)
    reasons: set[str] = set()
    for path in _paths(tree, tree.state.flags):
        reasons.update(_ambiguities(path))
        if used in UNANCHORED:
            reasons.update(_restarts(path))
    return sorted(reasons)


def _paths(tree: Any, flags: int) -> list[Way]:
    """Return each way through a pattern. An optional part gives two ways: with and without it."""
    steps = [_step(op, argument, flags) for op, argument in tree]
    return [tuple(item for part in parts for item in part) for parts in product(*steps)]


def _step(op: Any, argument: Any, flags: int) -> list[Way]:  # noqa: PLR0911 - one kind of part each
    if op in (ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN):
        return [(Item(_matching(op, argument, flags)),)]
    if op is ops.SUBPATTERN:
        _, added, removed, inner = argument
        return _paths(inner, (flags | added) & ~removed)
    if op is ops.ATOMIC_GROUP:
        return [tuple(_possessive(item) for item in path) for path in _paths(argument, flags)]
    if op is ops.BRANCH:
        return [path for branch in argument[1] for path in _paths(branch, flags)]
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
        least, most, body = argument
        return _repeat(least, most, body, flags, backtracks=op is not ops.POSSESSIVE_REPEAT)
    if op is ops.AT:
        return [(Item(excluded=_excluded_at(argument, flags), least=0, is_test=True),)]
    if op in (ops.ASSERT, ops.ASSERT_NOT):
        return [_assertion(argument, flags, negative=op is ops.ASSERT_NOT)]
    if op is ops.GROUPREF:
        return [(Item(SAMPLES),)]
    raise AssertionError(f"The proof does not know {op}.")


def _repeat(least: int, most: Any, body: Any, flags: int, *, backtracks: bool) -> list[Way]:
    inner = _paths(body, flags)
    if most is not ops.MAXREPEAT and most == 1:
        group = frozenset({next(_group_ids)})
        optional = [
            tuple(replace(item, groups=item.groups | group) for item in path) for path in inner
        ]
        return [(), *optional] if least == 0 else inner
    characters = frozenset[str]().union(*(item.characters for path in inner for item in path))
    is_simple = len(inner) == 1 and inner[0] == (Item(characters),)
    is_unbounded = most is ops.MAXREPEAT or most > BOUNDED
    return [
        (
            Item(
                characters,
                least=least,
                unbounded=is_unbounded,
                backtracks=backtracks,
                inner=() if is_simple else tuple(inner),
            ),
        )
    ]


def _possessive(item: Item) -> Item:
    return replace(item, backtracks=False)


def _assertion(argument: Any, flags: int, *, negative: bool) -> Way:
    direction, inner = argument
    paths = _paths(inner, flags)
    if direction < 0 and negative:
        single = all(len(path) == 1 for path in paths)
        characters = frozenset[str]().union(*(path[0].characters for path in paths if path))
        return (Item(excluded=characters if single else frozenset(), least=0, is_test=True),)
    # What a look-ahead reads is one more path from here. It is possessive, since nothing after
    # it makes it try again, and its last part can fail.
    return (Item(least=0, backtracks=False, is_test=True, inner=tuple(paths)),)


def _excluded_at(position: Any, flags: int) -> frozenset[str]:
    if position is ops.AT_BEGINNING and flags & re.MULTILINE:
        return SAMPLES - {"\n"}
    if position in (ops.AT_BEGINNING, ops.AT_BEGINNING_STRING):
        return SAMPLES
    return frozenset()


@cache
def _category(name: str, flags: int) -> frozenset[str]:
    letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[name.rpartition("_")[2]]
    letter = letter.upper() if "_NOT_" in name else letter
    pattern = re.compile(f"\\{letter}", flags & re.ASCII)
    return frozenset(filter(pattern.fullmatch, SAMPLES))


def _matching(op: Any, argument: Any, flags: int) -> frozenset[str]:
    """Return the sample characters that a part of one character matches."""
    if op is ops.ANY:
        return SAMPLES if flags & re.DOTALL else SAMPLES - {"\n"}
    members = argument if op is ops.IN else [(ops.LITERAL, argument)]
    characters: set[str] = set()
    for kind, value in members:
        if kind is ops.LITERAL:
            characters.add(chr(value))
        elif kind is ops.RANGE:
            characters.update(c for c in SAMPLES if value[0] <= ord(c) <= value[1])
        elif kind is ops.CATEGORY:
            characters.update(_category(str(value), flags))
    if flags & re.IGNORECASE:
        characters |= {c for c in SAMPLES if {c.lower(), c.upper()} & characters}
        characters |= {changed for c in characters for changed in (c.lower(), c.upper())}
    is_negative = op is ops.NOT_LITERAL or any(kind is ops.NEGATE for kind, _ in members)
    return SAMPLES - characters if is_negative else frozenset(characters)


def _ambiguities(path: Sequence[Item]) -> Iterator[str]:
    """Return the pairs of repetitions that can divide the same text in several ways."""
    for place, item in enumerate(path):
        for inner in item.inner:
            yield from _ambiguities(inner)
        if not item.unbounded or not item.backtracks:
            continue
        yield from _ambiguous_rounds(item)
        for later in path[place + 1 :]:
            shared = item.characters & _first_characters((later,))
            if later.unbounded and shared:
                yield f"two repetitions in sequence share {_show(shared)}"
            if later.least > 0 and not shared:
                break


def _ambiguous_rounds(item: Item) -> Iterator[str]:
    starts = [_first_characters(path) for path in item.inner]
    for place, one in enumerate(starts):
        for other in starts[place + 1 :]:
            if one & other:
                yield f"alternatives of one repetition share {_show(one & other)}"
    for path in item.inner:
        for inner in path:
            separators = [p for p in path if p.least > 0 and not p.characters & inner.characters]
            if inner.unbounded and inner.backtracks and not separators:
                yield f"a repetition in a repetition shares {_show(inner.characters)}"


def _first_characters(path: Way) -> frozenset[str]:
    characters: frozenset[str] = frozenset()
    for item in path:
        starts = [_first_characters(inner) for inner in item.inner] or [item.characters]
        characters = characters.union(*starts)
        if item.least > 0:
            break
    return characters


def _restarts(path: Way, before: Sequence[Item] = ()) -> Iterator[str]:
    """Return the repetitions whose text a search reads again from each start position in it."""
    for place, item in enumerate(path):
        preceding = [*before, *path[:place]]
        for inner in item.inner:
            yield from _restarts(inner, preceding)
        # If an optional group fails, the match can succeed without it.
        fails = any(
            (later.least > 0 or later.is_test) and later.groups <= item.groups
            for later in path[place + 1 :]
        )
        if item.unbounded and fails and not any(map(_separates(item), preceding)):
            yield f"a search reads {_show(item.characters)} again from each start"


def _separates(repetition: Item) -> Any:
    def separates(item: Item) -> bool:
        if item.excluded:
            return repetition.characters <= item.excluded
        return item.least > 0 and not item.characters & repetition.characters

    return separates


def _show(characters: frozenset[str]) -> str:
    return " ".join(map(repr, sorted(characters)[:3]))


@dataclass(frozen=True, slots=True)
class Use:
    """A regular expression of a module, and a method with which the module uses it.

    `name` is the global variable with the pattern, or the function of `re` that gets the pattern.
    """

    module: str
    name: str
    pattern: str | bytes
    flags: int
    method: str


def find_uses(packages: Sequence[ModuleType]) -> list[Use]:
    """Return every use of a regular expression in all modules of the packages."""
    names = [
        info.name
        for package in packages
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not info.name.endswith("__main__")
    ]
    return [use for name in names for use in _uses_of(importlib.import_module(name))]


def _uses_of(module: ModuleType) -> Iterator[Use]:
    tree = ast.parse(Path(module.__file__ or "").read_text())
    # A module that does not import `re` can only contain patterns of other modules.
    patterns = {
        name: list(_patterns_in(value))
        for name, value in vars(module).items()
        if "re" in vars(module) and _assigns(tree, name)
    }
    compiled = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "re":
            raise AssertionError(f"{module.__name__} must write `re.` before each function.")
        if isinstance(node, ast.keyword) and node.arg in {"pattern", "regex"}:
            yield Use(module.__name__, node.arg, ast.literal_eval(node.value), 0, "search")
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func) == "re.compile":
            compiled += 1
        elif ast.unparse(node.func.value) == "re":
            pattern = ast.literal_eval(node.args[0])
            yield Use(module.__name__, f"re.{node.func.attr}", pattern, 0, node.func.attr)
    if compiled and not any(patterns.values()):
        raise AssertionError(f"{module.__name__} must compile its patterns in global variables.")
    for name, found in patterns.items():
        for pattern, method in product(found, _methods_of(tree, name)):
            yield Use(module.__name__, name, pattern.pattern, pattern.flags, method)


def _assigns(tree: ast.Module, name: str) -> bool:
    return any(
        isinstance(target, ast.Name) and target.id == name
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )


def _patterns_in(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | set | frozenset):
        for member in value:
            yield from _patterns_in(member)
    elif isinstance(value, dict):
        yield from _patterns_in([*value.values()])
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _patterns_in([getattr(value, member.name, None) for member in fields(value)])


def _methods_of(tree: ast.Module, name: str) -> list[str]:
    """Return the methods that are called on a global pattern.

    A pattern that is used in another way, for example as an argument, counts as a search.
    """
    called = {
        node.value: node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    uses = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    return sorted({called.get(node, "search") for node in uses}) or ["search"]
