"""The README's first session in the playground, in a real browser without access to other hosts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphql_api.cli.local.playground import is_built
from tests.support.browser import Browser, find_chromium
from tests.support.services import skip_or_fail
from tests.support.system import Api, Worker
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.dynamodb,
    pytest.mark.redis,
    pytest.mark.sandbox,
    pytest.mark.npm,
    pytest.mark.chromium,
]

RUN = "button.graphiql-execute-button"
TAB = "button.graphiql-tab-button"
RESULT = ".result-window .view-lines"
SPINS = "!!document.querySelector('.graphiql-spinner')"


@pytest.fixture
def page(api: Api, worker: Worker, tmp_path: Path) -> Iterator[Browser]:
    assert worker.is_running
    program = find_chromium()
    if program is None:
        skip_or_fail("Chromium is not installed: apt-get install -y chromium")
    if not is_built():
        skip_or_fail("the playground is not built: make setup")
    with Browser(str(program), tmp_path) as browser:
        browser.open(api.url)
        browser.until(TAB, "Problems")
        yield browser


def picture(page: Browser, name: str, tmp_path: Path) -> None:
    """Save a screenshot in the folder ALGOITNY_SCREENSHOTS, if that is set."""
    folder = Path(os.environ.get("ALGOITNY_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    page.picture(folder / f"{name}.png")


def test_the_first_session_works_in_the_browser(page: Browser, tmp_path: Path):
    page.click(RUN)
    assert "algoitny" in page.until(RESULT, "platform")
    picture(page, "problems", tmp_path)

    page.click(TAB, "SignIn")
    page.click(RUN)
    page.until(RESULT, "SignInPayload")
    page.until(".session", "signed in as")

    page.click(TAB, "Submit")
    page.click(RUN)
    page.until(RESULT, "ExecuteCodePayload")
    picture(page, "submit", tmp_path)

    page.click(TAB, "MyExecutions")

    def judged() -> bool:
        page.click(RUN)
        return "COMPLETED" in page.text(RESULT)

    wait_until("the verdict", judged)
    wait_until("the last answer", lambda: not page.evaluate(SPINS))
    page.until(RESULT, '"AC"')
    picture(page, "verdict", tmp_path)

    page.click(TAB, "PublicFeed")
    page.click(RUN)
    page.until(RESULT, "publicFeed")
    page.until(RESULT, '"AC"')


def test_everything_on_the_page_comes_from_the_api_itself(page: Browser, api: Api):
    page.click(RUN)
    page.until(RESULT, "platform")
    names = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    origin = api.url.removesuffix("/graphql")
    assert len(names) >= 4
    assert [name for name in names if not name.startswith((origin, "data:"))] == []
