"""`algoitny submit` against a small fake of the API."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

RESULT = {
    "number": 1,
    "isSample": True,
    "verdict": "AC",
    "cpuMs": 3,
    "wallMs": 9,
    "peakKb": 1800,
    "exitCode": 0,
    "signal": None,
    "exceptionClass": None,
    "codeLine": None,
    "differenceKind": None,
    "output": "3",
    "error": "",
    "expected": "3",
}


class Server(ThreadingHTTPServer):
    """A fake API with one history; the attributes control its answers and record the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []
        self.polls_until_finished = 2
        self.drops = 0
        self.refusal: dict[str, Any] | None = None
        self.sign_in_refusal: dict[str, Any] | None = None
        self.page: bytes | None = None
        self.history: dict[str, Any] = {
            "id": "H1",
            "status": "COMPLETED",
            "verdict": "AC",
            "language": "python",
            "isPublic": False,
            "platform": "algoitny",
            "problemNumber": "1",
            "problemTitle": "A+B",
            "passedCount": 1,
            "failedCount": 0,
            "totalCount": 1,
            "cpuMs": 3,
            "peakKb": 1800,
            "message": None,
            "compileOutput": None,
            "testResults": [RESULT],
            "diagnosis": None,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/graphql"

    def inputs(self) -> list[dict[str, Any]]:
        """Return the inputs of all executeCode calls, also of the dropped ones."""
        return [
            request["variables"]["input"]
            for request in self.requests
            if "executeCode" in request["query"]
        ]

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        query = request["query"]
        if "signInForDevelopment" in query:
            token = {"__typename": "SignInPayload", "accessToken": "dev-token"}
            return {"data": {"signInForDevelopment": self.sign_in_refusal or token}}
        if "executeCode" in query:
            accepted = {
                "__typename": "ExecuteCodePayload",
                "history": {"id": "H1", "status": "PENDING"},
                "usage": {"executions": {"used": 3, "limit": 50}},
            }
            return {"data": {"executeCode": self.refusal or accepted}}
        if self.polls_until_finished > 0:
            self.polls_until_finished -= 1
            return {"data": {"history": {"id": "H1", "status": "RUNNING"}}}
        return {"data": {"history": self.history}}


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        self.server.requests.append(request)
        self.server.authorizations.append(self.headers["Authorization"])
        if "executeCode" in request["query"] and self.server.drops > 0:
            self.server.drops -= 1
            self.close_connection = True
            return
        content = self.server.page or json.dumps(self.server.answer(request)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield api
        api.shutdown()
        thread.join()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "add.py"
    path.write_text("print(3)  # 셋\n", encoding="utf-8")
    return path


def submit(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "import typer; from graphql_api.cli.commands.submit import submit; typer.run(submit)"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )


def to(server: Server, program: Path) -> list[object]:
    return [program, "--problem", "algoitny/1", "--url", server.url]


def test_an_accepted_program_is_shown_and_exits_with_0(server: Server, program: Path) -> None:
    done = submit(*to(server, program))

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "history H1",
        "1\tsample\tAC\t3 ms\t9 ms\t1800 KB\t",
        "AC: 1 of 1 tests passed, 3 ms, 1800 KB, algoitny/1 A+B",
    ]
    (sent,) = server.inputs()
    assert sent.pop("idempotencyKey")
    assert sent == {
        "platform": "algoitny",
        "number": "1",
        "language": "python",
        "code": "print(3)  # 셋\n",
        "isPublic": False,
    }
    assert server.authorizations[0] is None
    assert set(server.authorizations[1:]) == {"Bearer dev-token"}


def test_a_wrong_program_exits_with_1_and_shows_the_reason(server: Server, program: Path) -> None:
    wrong = RESULT | {"verdict": "WA", "output": "4\n", "expected": "3\n"}
    crash = RESULT | {"number": 2, "isSample": False, "verdict": "RE", "expected": None}
    server.history |= {
        "verdict": "WA",
        "passedCount": 0,
        "testResults": [wrong, crash | {"error": "Traceback\n  x\nZeroDivisionError: y\n"}],
    }

    done = submit(*to(server, program))

    assert done.returncode == 1
    assert "expected '3', got '4'" in done.stdout
    assert "ZeroDivisionError: y" in done.stdout
    assert "WA: 0 of 1 tests passed" in done.stdout


@pytest.mark.parametrize(
    ("failure", "remark"),
    [
        ({"verdict": "WA", "differenceKind": "WHITE_SPACE"}, "difference: white space"),
        ({"verdict": "RE", "exceptionClass": "KeyError", "codeLine": 3}, "KeyError, line 3"),
        ({"verdict": "RE", "exitCode": 1}, "exit code 1"),
        ({"verdict": "RE", "signal": "SIGSEGV"}, "SIGSEGV"),
        ({"verdict": "TLE"}, ""),
    ],
)
def test_the_failure_of_a_hidden_test_is_described_without_its_texts(
    server: Server, program: Path, failure: dict[str, object], remark: str
) -> None:
    names = ("output", "error", "expected", "signal", "exitCode", "exceptionClass", "codeLine")
    hidden = RESULT | dict.fromkeys((*names, "differenceKind")) | {"isSample": False} | failure
    server.history |= {"verdict": failure["verdict"], "passedCount": 0, "testResults": [hidden]}
    done = submit(*to(server, program))
    row = done.stdout.splitlines()[1].split("\t")
    assert (row[1], row[2], row[-1]) == ("", failure["verdict"], remark)


def test_the_diagnosis_is_printed_in_the_chosen_language(server: Server, program: Path) -> None:
    server.history |= {
        "verdict": "WA",
        "diagnosis": {
            "kind": "OFF_BY_ONE",
            "title": "A number differs by one",
            "explanation": "Expected is 3, but your program wrote 4.",
            "suggestion": "Check the bounds of your loops.",
            "testNumber": 2,
            "line": None,
        },
    }
    done = submit(*to(server, program), "--locale", "ko")
    assert done.stdout.splitlines()[-2:] == [
        "A number differs by one (test 2).",
        "Expected is 3, but your program wrote 4. Check the bounds of your loops.",
    ]
    assert server.requests[-1]["variables"]["locale"] == "KO"


def test_compile_output_is_printed(server: Server, program: Path) -> None:
    server.history |= {
        "verdict": "CE",
        "testResults": [],
        "compileOutput": "main.py: [line 1] no\n",
        "cpuMs": None,
        "peakKb": None,
    }

    done = submit(*to(server, program))

    assert done.returncode == 1
    assert "main.py: [line 1] no\n" in done.stdout


@pytest.mark.parametrize(
    "change", [{"status": "FAILED", "verdict": None}, {"status": "CANCELLED", "verdict": None}]
)
def test_an_execution_that_was_not_judged_is_an_error(
    server: Server, program: Path, change: dict[str, Any]
) -> None:
    server.history |= change | {"testResults": None}

    done = submit(*to(server, program))

    assert done.returncode == 2
    assert change["status"] in done.stdout


def test_a_failed_execution_shows_its_message(server: Server, program: Path) -> None:
    message = (
        "The problem's checker failed. Editors can see the reason. The execution was refunded."
    )
    server.history |= {
        "status": "FAILED",
        "verdict": None,
        "message": message,
        "testResults": None,
        "cpuMs": None,
    }

    done = submit(*to(server, program))

    assert message in done.stdout.splitlines()
    assert " message " in server.requests[-1]["query"]


def test_a_lost_answer_is_requested_again_with_the_same_key(server: Server, program: Path) -> None:
    server.drops = 2

    done = submit(*to(server, program))

    assert done.returncode == 0, done.stderr
    keys = [sent["idempotencyKey"] for sent in server.inputs()]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_two_submissions_have_two_keys(server: Server, program: Path) -> None:
    submit(*to(server, program))
    submit(*to(server, program))

    assert len({sent["idempotencyKey"] for sent in server.inputs()}) == 2


def test_no_watch_returns_immediately(server: Server, program: Path) -> None:
    done = submit(*to(server, program), "--no-watch", "--json", "--public")

    assert done.returncode == 0
    assert json.loads(done.stdout) == {"historyId": "H1"}
    assert server.inputs()[0]["isPublic"] is True
    assert not any("history(" in request["query"] for request in server.requests)


def test_scripts_get_the_history_as_json(server: Server, program: Path) -> None:
    done = submit(*to(server, program), "--json")

    assert json.loads(done.stdout) == server.history


def test_a_token_is_used_instead_of_signing_in(server: Server, program: Path) -> None:
    submit(*to(server, program), ALGOITNY_TOKEN="mine")

    assert set(server.authorizations) == {"Bearer mine"}


def test_the_address_of_a_running_session_is_used(server: Server, program: Path) -> None:
    base = server.url.removesuffix("/graphql")

    done = submit(program, "--problem", "algoitny/1", ALGOITNY_URL=base)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("typename", "code", "message"),
    [
        ("QuotaExceeded", "QUOTA_EXCEEDED", "50 of 50 executions are used today"),
        ("NotFound", "NOT_FOUND", "there is no problem algoitny/1"),
    ],
)
def test_a_rejection_is_printed_and_exits_with_2(
    server: Server, program: Path, typename: str, code: str, message: str
) -> None:
    server.refusal = {"__typename": typename, "message": message, "code": code}

    done = submit(*to(server, program))

    assert done.returncode == 2
    assert done.stderr == f"{message} ({code})\n"
    assert done.stdout == ""


def test_a_rejected_sign_in_is_an_error(server: Server, program: Path) -> None:
    server.sign_in_refusal = {"message": "for development only", "code": "FORBIDDEN"}

    done = submit(*to(server, program), "--json")

    assert done.returncode == 2
    assert json.loads(done.stdout) == {"error": "for development only (FORBIDDEN)"}


def test_the_timeout_ends_the_wait(server: Server, program: Path) -> None:
    server.polls_until_finished = 10_000

    done = submit(*to(server, program), "--timeout", "1")

    assert done.returncode == 2
    assert "did not end within the time of the option --timeout" in done.stderr


def test_another_server_at_the_address_is_an_error(server: Server, program: Path) -> None:
    server.page = b"<html>"

    done = submit(*to(server, program))

    assert done.returncode == 2
    assert "the address ends in /graphql" in done.stderr


def test_an_unreachable_server_is_an_error(program: Path) -> None:
    done = submit(program, "--problem", "algoitny/1", "--url", "http://127.0.0.1:1/graphql")

    assert done.returncode == 2
    assert "Start the API with `make dev`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--problem", "1"], "Write PLATFORM/NUMBER"),
        (["--problem", "/1"], "Write PLATFORM/NUMBER"),
        ([], "Missing option '--problem'"),
    ],
)
def test_a_wrong_problem_is_an_error(program: Path, arguments: list[str], message: str) -> None:
    done = submit(program, *arguments, COLUMNS="400")

    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


def test_files_that_cannot_be_submitted_are_errors(tmp_path: Path) -> None:
    cases = {
        "none.py": (None, "cannot be read"),
        "a.txt": (b"x", "is unknown"),
        "b.py": (b"\xff", "is not encoded in UTF-8"),
        "c.py": (b"x" * 300_000, "larger than 256 KB"),
    }
    for name, (content, message) in cases.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)

        done = submit(path, "--problem", "algoitny/1", COLUMNS="400")

        assert done.returncode == 2, name
        assert message in done.stderr, name
        assert "Traceback" not in done.stderr


def test_a_language_can_be_given(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "noname"
    path.write_text("1")

    submit(path, "--problem", "algoitny/1", "--language", "cpp", "--url", server.url)

    assert server.inputs()[0]["language"] == "cpp"
