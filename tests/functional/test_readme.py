"""The first session of the README gives the answers that the README shows."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.paths import ROOT
from tests.support.system import Api, Worker
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.redis, pytest.mark.sandbox]

BLOCK = re.compile(r"```sh\n(.*?)```\n```json\n(.*?)```", re.DOTALL)
MEASURED = ("cpuMs", "peakKb")


def matches(shown: Any, real: Any) -> bool:
    """Return whether a real answer matches the shown one.

    In the shown answer, `…` matches any text, or any further entries of a list.
    """
    if isinstance(shown, dict):
        return (
            isinstance(real, dict)
            and list(shown) == list(real)
            and all(
                isinstance(real[key], int) if key in MEASURED else matches(shown[key], real[key])
                for key in shown
            )
        )
    if isinstance(shown, list):
        if shown[-1:] == ["…"]:
            shown, real = shown[:-1], real[: len(shown) - 1]
        return len(shown) == len(real) and all(map(matches, shown, real))
    if isinstance(shown, str) and "…" in shown:
        return re.fullmatch(".+".join(map(re.escape, shown.split("…"))), real) is not None
    return bool(shown == real)


def list_languages(api: Api) -> Any:
    answer = httpx.post(api.url, json={"query": "{ languages { key } }"})
    return answer.json()["data"]["languages"]


def test_the_first_session_gives_what_the_readme_shows(
    api: Api, worker: Worker, tmp_path: Path
) -> None:
    assert worker.is_running
    # `runCode` is rejected until a worker has announced the language.
    wait_until("a worker's languages", lambda: list_languages(api))
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    assert len(blocks) == 7
    script = "\necho; echo ---\n".join(commands for commands, _ in blocks)
    session = subprocess.run(
        ["bash", "-ec", script.replace("http://localhost:8000/graphql", api.url)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    for (_, shown), real in zip(blocks, session.stdout.split("\n---\n"), strict=True):
        assert matches(json.loads(shown), json.loads(real)), real
