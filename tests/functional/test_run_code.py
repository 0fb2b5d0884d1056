"""runCode with a real API and worker, also when one of them is killed."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.system import Api, Client, Worker
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.redis, pytest.mark.sandbox]

RUN = """
mutation ($input: RunCodeInput!) {
  runCode(input: $input) {
    __typename
    ... on RunCodePayload {
      run { status output error compileOutput cpuMs wallMs peakKb exitCode signal }
      usage { runs { used } executions { used } }
    }
    ... on UserError { code message path }
  }
}
"""
USED = "{ viewer { usage { runs { used } } histories(first: 1) { edges { node { id } } } } }"
ADD = "print(sum(map(int, input().split())))"
SLOW = f"import time\ntime.sleep(1.4)\n{ADD}"


def run(client: Client, **given: Any) -> dict[str, Any]:
    wanted = {"language": "python", "code": ADD, "stdin": "20 22\n"}
    result: dict[str, Any] = client.ask(RUN, input=wanted | given)["runCode"]
    return result


def used(client: Client) -> int:
    (today,) = client.ask(USED)["viewer"]["usage"]
    count: int = today["runs"]["used"]
    return count


@pytest.fixture
def ada(client: Client, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A user who exists only in this test."""
    with client.signed_in(f"{abs(hash(request.node.name))}@example.org") as found:
        yield found


def there(worker: Worker, client: Client) -> None:
    assert worker.is_running
    wait_until("a worker's languages", lambda: client.ask("{ languages { key } }")["languages"])


def test_code_runs_on_its_authors_input_and_leaves_no_history(ada: Client, worker: Worker) -> None:
    there(worker, ada)
    result = run(ada)
    assert result["__typename"] == "RunCodePayload", result
    assert (result["run"]["status"], result["run"]["output"]) == ("OK", "42\n")
    assert result["usage"] == {"runs": {"used": 1}, "executions": {"used": 0}}
    assert run(ada, stdin="no number")["run"]["status"] == "RE"
    assert run(ada, language="cpp", code="int main() { retrun")["run"]["status"] == "CE"
    assert used(ada) == 3
    assert ada.ask(USED)["viewer"]["histories"]["edges"] == []


def test_runs_are_answered_while_long_submissions_are_judged(ada: Client, worker: Worker) -> None:
    there(worker, ada)
    # More submissions than the worker runs at once, each with at least two tests.
    ids = [ada.submit("1", "python", SLOW)["history"]["id"] for _ in range(6)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda n: run(ada, stdin=f"{n} 1"), range(4)))
    assert [result["run"]["output"] for result in results] == ["1\n", "2\n", "3\n", "4\n"]
    histories = [ada.ask("query($id: ID!) { history(id: $id) { status } }", id=i) for i in ids]
    waiting = [one for one in histories if one["history"]["status"] in {"PENDING", "RUNNING"}]
    assert waiting, "the submissions had ended before the runs did"
    for history_id in ids:
        assert ada.finished(history_id)["verdict"] == "AC"


@contextmanager
def standing_still(worker: Worker) -> Iterator[None]:
    """Stop a worker with all its processes in the block, as on a machine that hangs."""
    os.killpg(worker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(worker.pid, signal.SIGCONT)


@pytest.mark.thorough
def test_a_run_whose_worker_was_killed_is_answered_by_another(
    system_env: dict[str, str], ada: Client, worker: Worker, tmp_path: Path
) -> None:
    there(worker, ada)
    with Worker(system_env, tmp_path) as other, ThreadPoolExecutor(1) as pool:
        wait_until("the worker's start", lambda: "ready for action" in other.log())
        with standing_still(worker):
            code = "import time\ntime.sleep(3)\nprint('done')"
            answer = pool.submit(run, ada, code=code, timeLimitMs=5000)
            wait_until("the run to be taken", lambda: used(ada) == 1)
            time.sleep(1)
            other.kill()
        result = answer.result(60)
    assert result["run"]["output"] == "done\n", result
    assert used(ada) == 1


@pytest.mark.thorough
def test_what_no_worker_answers_in_time_is_given_back(
    system_env: dict[str, str], ada: Client, worker: Worker, tmp_path: Path
) -> None:
    there(worker, ada)
    assert run(ada)["usage"]["runs"]["used"] == 1
    with Api({**system_env, "RUN_WAIT_SECONDS": "1"}, tmp_path) as impatient:
        impatient.wait_until_alive()
        with standing_still(worker), Client(impatient.url, ada.token) as same:
            result = run(same)
    assert result["code"] == "UNAVAILABLE", result
    assert "does not count towards the daily limit" in result["message"]
    assert used(ada) == 1
