"""`algoitny submit FILE --problem algoitny/1`: submit a program and wait for its verdict.

Exit codes:
    0: The program is accepted. With --no-watch: the program is submitted.
    1: The program has another verdict.
    2: An error prevented the submission or the wait for its verdict.
    130: The command was interrupted with Ctrl-C.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from graphql_api.cli.api_client import ApiClient, ApiError, payload
from graphql_api.cli.console import AsJson, Output
from graphql_api.data.enums import Locale
from graphql_api.data.limits import CODE_BYTES
from judge.languages import file_extensions, find_language_of_file

DEFAULT_URL = "http://127.0.0.1:8000/graphql"
DEFAULT_EMAIL = "operator@localhost.example"
ACCEPTED, REJECTED, FAILED, INTERRUPTED = 0, 1, 2, 130
RUNNING = frozenset({"PENDING", "RUNNING"})
SHOWN_CHARACTERS = 30
FIRST_PAUSE_S, LONGEST_PAUSE_S, PAUSE_GROWTH = 0.1, 2.0, 1.3

EXECUTE = """
mutation Submit($input: ExecuteCodeInput!) {
  executeCode(input: $input) {
    __typename
    ... on ExecuteCodePayload {
      history { id status }
      usage { executions { used limit } }
    }
    ... on UserError { message code }
  }
}
"""
PROGRESS = "query Progress($id: ID!) { history(id: $id) { id status } }"
RESULT = """
query Result($id: ID!, $locale: Locale!) {
  history(id: $id) {
    id status verdict language isPublic platform problemNumber problemTitle
    passedCount failedCount totalCount cpuMs peakKb message compileOutput
    testResults {
      number isSample verdict cpuMs wallMs peakKb exitCode signal exceptionClass codeLine output
      error expected differenceKind
    }
    diagnosis(locale: $locale) { kind title explanation suggestion testNumber line }
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """The content of one submission: problem, language, source code and visibility."""

    platform: str
    number: str
    language: str
    code: str
    is_public: bool


def submit(
    file: Annotated[Path, typer.Argument(help="The program's source file.")],
    *,
    problem: Annotated[
        str, typer.Option(metavar="PLATFORM/NUMBER", help="The problem, such as algoitny/1.")
    ],
    language: Annotated[
        str | None,
        typer.Option(
            help="The program's language (default: from the extension of the file's name)."
        ),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Make the execution public.")] = False,
    watch: Annotated[
        bool, typer.Option(help="Wait for the verdict. With --no-watch, exit after submitting.")
    ] = True,
    url: Annotated[
        str, typer.Option(envvar="ALGOITNY_URL", help="The address of the API.")
    ] = DEFAULT_URL,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="ALGOITNY_TOKEN",
            help="Your access token. Prefer the environment variable, because other users of this "
            "machine can see the options of a command.",
        ),
    ] = None,
    email: Annotated[
        str | None,
        typer.Option(
            help="On a development API, sign in with this e-mail address if there is no token "
            f"(default {DEFAULT_EMAIL})."
        ),
    ] = None,
    locale: Annotated[
        Locale, typer.Option(case_sensitive=False, help="The language of the diagnosis.")
    ] = Locale.EN,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for the verdict.")] = 600,
    as_json: AsJson = False,
) -> None:
    """Submit a program to a problem and wait for its verdict.

    The exit code is 0 if the program is accepted, 1 for any other verdict and 2 for an error.
    """
    output = Output(as_json=as_json)
    try:
        job = _read_job(file, problem, language, is_public=public)
        with ApiClient(url, token) as api:
            if token is None:
                api.sign_in_for_development(email or DEFAULT_EMAIL)
            history_id = _submit(output, api, job)
            if not watch:
                output.document({"historyId": history_id})
                raise typer.Exit(ACCEPTED)
            _wait_for_end(api, history_id, time.monotonic() + timeout)
            history = _read_history(api, RESULT, history_id, locale=str(locale))
    except ApiError as error:
        output.document({"error": str(error)})
        output.error(str(error))
        raise typer.Exit(FAILED) from error
    except KeyboardInterrupt:
        output.error("Stopped waiting for the verdict. The execution continues.")
        raise typer.Exit(INTERRUPTED) from None
    _print_result(output, history)
    raise typer.Exit(_exit_code(history))


def _read_job(file: Path, problem: str, language: str | None, *, is_public: bool) -> _Job:
    platform, slash, number = problem.partition("/")
    if not (slash and platform and number):
        raise typer.BadParameter(
            f"{problem!r} is not the name of a problem. Write PLATFORM/NUMBER, such as algoitny/1.",
            param_hint="--problem",
        )
    return _Job(
        platform=platform,
        number=number,
        language=language or _language_of(file),
        code=_read_code(file),
        is_public=is_public,
    )


def _language_of(file: Path) -> str:
    spec = find_language_of_file(file.name)
    if spec is None:
        raise typer.BadParameter(
            f"The language of {file.name!r} is unknown. Add --language, or give the file one of "
            f"these endings: {' '.join(file_extensions())}.",
            param_hint="--language",
        )
    return spec.id


def _read_code(file: Path) -> str:
    try:
        with file.open("rb") as source:
            content = source.read(CODE_BYTES + 1)
        if len(content) > CODE_BYTES:
            raise typer.BadParameter(
                f"{file} is larger than {CODE_BYTES // 1024} KB. Submit a smaller file.",
                param_hint="FILE",
            )
        return content.decode()
    except OSError as error:
        raise typer.BadParameter(
            f"{file} cannot be read: {error.strerror}. Check the path and the permissions of the "
            "file.",
            param_hint="FILE",
        ) from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"{file} is not encoded in UTF-8. Save the file in UTF-8.", param_hint="FILE"
        ) from error


def _submit(output: Output, api: ApiClient, job: _Job) -> str:
    """Submit the program and return the id of its history (the record of the execution).

    If the request is sent again after a network error, the program is still submitted only once.
    """
    variables = {
        "platform": job.platform,
        "number": job.number,
        "language": job.language,
        "code": job.code,
        "isPublic": job.is_public,
        "idempotencyKey": str(uuid4()),
    }
    result = payload(api.call(EXECUTE, {"input": variables})["executeCode"])
    history_id = str(result["history"]["id"])
    output.line(f"history {history_id}")
    quota = result["usage"] and result["usage"]["executions"]
    if quota and quota["limit"] is not None:
        output.note(f"You have used {quota['used']} of {quota['limit']} executions today.")
    return history_id


def _wait_for_end(api: ApiClient, history_id: str, deadline: float) -> None:
    for pause in _pauses():
        if _read_history(api, PROGRESS, history_id)["status"] not in RUNNING:
            return
        if time.monotonic() + pause > deadline:
            raise ApiError(
                f"The execution of the history {history_id} did not end within the time of the "
                "option --timeout. The execution continues. Check that a worker is running."
            )
        time.sleep(pause)


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE_S)


def _read_history(
    api: ApiClient, document: str, history_id: str, **variables: str
) -> dict[str, Any]:
    history = api.call(document, {"id": history_id, **variables})["history"]
    if not isinstance(history, dict):
        raise ApiError(
            f"The history {history_id} was deleted while this command waited for it. "
            "Submit the code again."
        )
    return history


def _exit_code(history: dict[str, Any]) -> int:
    if history["status"] != "COMPLETED" or history["verdict"] == "IE":
        return FAILED
    return ACCEPTED if history["verdict"] == "AC" else REJECTED


def _print_result(output: Output, history: dict[str, Any]) -> None:
    output.document(history)
    results = history["testResults"] or []
    rows = [_format_test(result) for result in results]
    if rows:
        output.table(("test", "", "verdict", "cpu", "wall", "memory", "remark"), rows)
    if history["compileOutput"]:
        output.line(str(history["compileOutput"]).rstrip())
    if history["message"]:
        output.line(str(history["message"]))
    verdict = str(history["verdict"] or history["status"])
    counts = f"{history['passedCount']} of {history['totalCount']} tests passed"
    name = f"{history['platform']}/{history['problemNumber']} {history['problemTitle']}"
    output.line(f"{verdict}: {counts}{_format_usage(history)}, {name}", verdict)
    if history["diagnosis"]:
        output.line(_format_diagnosis(history["diagnosis"]))


def _format_diagnosis(diagnosis: dict[str, Any]) -> str:
    places = (("test", diagnosis["testNumber"]), ("line", diagnosis["line"]))
    known = ", ".join(f"{name} {number}" for name, number in places if number is not None)
    title = f"{diagnosis['title']} ({known})." if known else f"{diagnosis['title']}."
    return f"{title}\n{diagnosis['explanation']} {diagnosis['suggestion']}"


def _format_usage(history: dict[str, Any]) -> str:
    if history["cpuMs"] is None:
        return ""
    peak = "" if history["peakKb"] is None else f", {history['peakKb']} KB"
    return f", {history['cpuMs']} ms{peak}"


def _format_test(result: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(result["number"]),
        "sample" if result["isSample"] else "",
        str(result["verdict"]),
        f"{result['cpuMs']} ms",
        f"{result['wallMs']} ms",
        f"{result['peakKb']} KB",
        _describe_failure(result),
    )


def _describe_failure(result: dict[str, Any]) -> str:
    """Return a few words that describe why a test failed."""
    if result["verdict"] == "AC":
        return ""
    lines = [line for line in str(result["error"] or "").splitlines() if line.strip()]
    if lines and not result["signal"]:
        return lines[-1][:80]
    if result["expected"] is not None and result["verdict"] == "WA":
        return f"expected {_abbreviate(result['expected'])}, got {_abbreviate(result['output'])}"
    if result["differenceKind"] is not None:
        return f"difference: {result['differenceKind'].lower().replace('_', ' ')}"
    return _describe_end(result)


def _describe_end(result: dict[str, Any]) -> str:
    """Return a few words that describe how a program failed."""
    exit_code = f"exit code {result['exitCode']}" if result["exitCode"] else ""
    cause = result["signal"] or result["exceptionClass"] or exit_code
    line = f"line {result['codeLine']}" if result["codeLine"] else ""
    return ", ".join(filter(None, (cause, line)))


def _abbreviate(text: str | None) -> str:
    line = " ".join(str(text or "").split())
    return repr(line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…")
