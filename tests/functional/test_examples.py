"""Every submission under examples/problems gets the verdict of its folder, judged for real.

The worker is `dramatiq tasks`, started by hand; everything goes through the API.
"""

from collections.abc import Iterator

import pytest

from graphql_api.cli.problem_packages.model import Submission
from graphql_api.cli.problem_packages.reader import find_packages, read_package
from tests.functional.conftest import ADMIN
from tests.support.paths import ROOT
from tests.support.system import Api, Client, Worker
from tests.support.tiers import by_tier, first_of_each

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.redis, pytest.mark.sandbox]

EXAMPLES = ROOT / "examples/problems"
SUBMISSIONS = {
    str(submission.path.relative_to(EXAMPLES)): (package.number, submission)
    for package in map(read_package, find_packages(EXAMPLES))
    for submission in package.submissions
}
# One submission of each problem, and one of each verdict.
FIRST = {
    *first_of_each(SUBMISSIONS, lambda name: SUBMISSIONS[name][0]),
    *first_of_each(SUBMISSIONS, lambda name: SUBMISSIONS[name][1].expected_verdicts),
}


@pytest.fixture(scope="module")
def admin(api: Api, worker: Worker) -> Iterator[Client]:
    assert worker.is_running
    with Client(api.url) as stranger, stranger.signed_in(ADMIN) as found:
        yield found


@pytest.fixture(scope="module")
def histories(request: pytest.FixtureRequest, admin: Client) -> dict[str, str]:
    """The history id of each selected submission; all of them are submitted at once."""
    names: list[str] = [
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module
    ]
    return {name: _submit(admin, *SUBMISSIONS[name]) for name in names}


def _submit(admin: Client, number: str, submission: Submission) -> str:
    code = submission.path.read_text()
    answer = admin.submit(number, submission.language, code)
    assert answer["__typename"] == "ExecuteCodePayload", answer
    found: str = answer["history"]["id"]
    return found


@pytest.mark.parametrize("name", by_tier(SUBMISSIONS, FIRST))
def test_the_verdict_is_that_of_the_folder(
    name: str, admin: Client, histories: dict[str, str]
) -> None:
    history = admin.finished(histories[name], timeout_s=240)
    assert history["status"] == "COMPLETED"
    assert history["verdict"] in SUBMISSIONS[name][1].expected_verdicts, history
