"""A real sandbox, once with the best limits of the host and once with resource limits alone."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from judge.sandbox.cgroups import LimitBackend
from tests.support.sandbox.attacks import Weaken
from tests.support.sandbox.host import HostFixture
from tests.support.sandbox.sandboxes import (
    LanguageSandboxFixture,
    SandboxFixture,
    open_language_sandbox,
)
from tests.support.sandbox.weakened import Layer, weakened_sandbox
from tests.support.tiers import by_tier


@pytest.fixture(scope="session")
def open_once(
    tmp_path_factory,
) -> Iterator[Callable[[LimitBackend | None], LanguageSandboxFixture]]:
    """Opens a sandbox with these limits at its first use; all share compiled programs and slots."""
    root = tmp_path_factory.mktemp("sandbox")
    sandboxes: dict[LimitBackend | None, LanguageSandboxFixture] = {}

    def get(forced: LimitBackend | None) -> LanguageSandboxFixture:
        if forced not in sandboxes:
            sandboxes[forced] = open_language_sandbox(root, forced)
        return sandboxes[forced]

    yield get
    for sandbox in sandboxes.values():
        sandbox.inner.close()


@pytest.fixture(
    scope="session", params=by_tier([None, LimitBackend.RLIMITS], [None]), ids=["best", "rlimits"]
)
def sandbox(request, open_once) -> LanguageSandboxFixture:
    found: LanguageSandboxFixture = open_once(request.param)
    return found


@pytest.fixture(scope="session")
def best_sandbox(open_once) -> LanguageSandboxFixture:
    found: LanguageSandboxFixture = open_once(None)
    return found


@pytest.fixture
def host() -> Iterator[HostFixture]:
    host = HostFixture()
    with host.closing:
        yield host


@pytest.fixture(scope="session")
def builds(best_sandbox, tmp_path_factory) -> Path:
    """The directory of the sandbox programs built so far, weakened ones included."""
    directory = Path(tmp_path_factory.mktemp("builds"))
    shutil.copytree(best_sandbox.inner.shared / "bin", directory, dirs_exist_ok=True)
    return directory


@pytest.fixture
def weaken(builds, tmp_path) -> Weaken:
    """Opens a sandbox without some layers, with the limits of a sandbox."""

    @contextmanager
    def open_weakened(layers: Sequence[Layer], like: SandboxFixture) -> Iterator[SandboxFixture]:
        forced = None if like.has_groups else LimitBackend.RLIMITS
        with weakened_sandbox(tmp_path, layers, builds, forced) as sandbox:
            yield SandboxFixture(sandbox)

    return open_weakened
