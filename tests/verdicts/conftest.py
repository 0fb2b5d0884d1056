"""Options of the verdict suite: `pytest tests/verdicts --times 3 --busy`."""

from judge.sandbox.cgroups import LimitBackend


def pytest_addoption(parser) -> None:
    group = parser.getgroup("verdicts")
    group.addoption("--times", type=int, default=1, help="judge each program so many times")
    group.addoption("--tests", type=int, default=1, help="with so many tests, all the same")
    group.addoption("--busy", action="store_true", help="keep every core busy meanwhile")
    group.addoption(
        "--limits", choices=list(LimitBackend), help="limits other than the host's best"
    )
