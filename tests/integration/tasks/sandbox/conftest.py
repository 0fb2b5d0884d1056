"""A real sandbox, once with the best limits of the host and once with resource limits alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from tasks.sandbox.limits import LimitsHeld
from tests.integration.tasks.sandbox.arena import Arena
from tests.integration.tasks.sandbox.attacking import Attacks, Weaken
from tests.integration.tasks.sandbox.boxes import Box, LanguageBox, open_box
from tests.integration.tasks.sandbox.weakened import Layer, weakened_sandbox


@pytest.fixture(scope="session")
def open_once(tmp_path_factory) -> Iterator[Callable[[LimitsHeld | None], LanguageBox]]:
    """Opens each kind of box at its first use; they share what was compiled, and the slots."""
    root = tmp_path_factory.mktemp("sandbox")
    boxes: dict[LimitsHeld | None, LanguageBox] = {}

    def get(forced: LimitsHeld | None) -> LanguageBox:
        if forced not in boxes:
            boxes[forced] = open_box(root, forced)
        return boxes[forced]

    yield get
    for box in boxes.values():
        box.sandbox.close()


@pytest.fixture(scope="session", params=[None, LimitsHeld.RLIMITS], ids=["best", "rlimits"])
def box(request, open_once) -> LanguageBox:
    found: LanguageBox = open_once(request.param)
    return found


@pytest.fixture(scope="session")
def best_box(open_once) -> LanguageBox:
    found: LanguageBox = open_once(None)
    return found


@pytest.fixture
def arena() -> Iterator[Arena]:
    arena = Arena()
    with arena.closing:
        yield arena


@pytest.fixture
def weaken(best_box, tmp_path) -> Weaken:
    """Opens a sandbox without some layers, with the limits of a box."""

    @contextmanager
    def open_weakened(layers: Sequence[Layer], like: Box) -> Iterator[Box]:
        forced = None if like.has_groups else LimitsHeld.RLIMITS
        built = best_box.sandbox.shared / "bin"
        with weakened_sandbox(tmp_path, layers, built, forced) as sandbox:
            yield Box(sandbox)

    return open_weakened


def pytest_generate_tests(metafunc) -> None:
    """Give `LayeredAttacks` the attacks of its module."""
    attacks: Attacks = getattr(metafunc.module, "ATTACKS", Attacks())
    if "layer" in metafunc.fixturenames:
        pairs = list(attacks.alone())
        ids = [f"{attack.name}-{layer}" for attack, layer in pairs]
        metafunc.parametrize(("attack", "layer"), pairs, ids=ids)
    elif "attack" in metafunc.fixturenames:
        metafunc.parametrize("attack", list(attacks), ids=[attack.name for attack in attacks])
