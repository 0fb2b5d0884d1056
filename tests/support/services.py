"""Services of the tests."""

import os
from collections.abc import Iterator
from typing import NoReturn, TypeVar

import pytest

from graphql_api.cli.local.process import EngineExposed, EngineProcess, EngineUnavailable

Engine = TypeVar("Engine", bound=EngineProcess)


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test on a laptop; fail it in CI, where every service must be present."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run_engine(engine: Engine) -> Iterator[Engine]:
    """Yield the engine while it runs, for fixtures.

    An engine that other machines can reach is an error, also on a laptop.
    """
    try:
        with engine:
            yield engine
    except EngineExposed:
        raise
    except EngineUnavailable as error:
        skip_or_fail(str(error))
