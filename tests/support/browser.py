"""Headless Chromium over its DevTools protocol: load a page, click, read, take a picture."""

import base64
import itertools
import json
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.sync.client import ClientConnection, connect

from graphql_api.cli.local.process import kill_on_parent_death
from tests.support.waiting import PATIENCE_S, wait_until

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1400,900",
    # No name can be looked up except the loopback address: a page that needs a CDN stays blank.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


def find_chromium() -> str | None:
    """Return the browser's program, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One Chromium with one page; `with Browser(program, folder) as page`."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._link: ClientConnection | None = None
        self._opened = ExitStack()
        self._ids = itertools.count(1)

    def __enter__(self) -> Self:
        profile = self._folder / "profile"
        with (self._folder / "chromium.log").open("wb") as log:
            command = [self._program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
            self._process = subprocess.Popen(
                kill_on_parent_death(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        port_file = profile / "DevToolsActivePort"
        wait_until("Chromium's start", lambda: port_file.exists() and port_file.read_text())
        port = port_file.read_text().split()[0]
        targets = httpx.get(f"http://127.0.0.1:{port}/json/list").json()
        page = next(target for target in targets if target["type"] == "page")
        link = connect(page["webSocketDebuggerUrl"], max_size=None, proxy=None)
        self._link = self._opened.enter_context(link)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one DevTools command and return its result."""
        assert self._link is not None
        number = next(self._ids)
        self._link.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._link.recv(timeout=PATIENCE_S))
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    def open(self, url: str) -> None:
        """Go to `url`, without waiting for its scripts."""
        self.command("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector: str, text: str = "") -> None:
        """Click the first element that matches `selector` and has `text`; waits for it."""
        find = (
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            f".find(e => e.textContent.includes({json.dumps(text)}))"
        )
        wait_until(f"{selector} with {text!r}", lambda: self.evaluate(f"!!{find}"))
        self.evaluate(f"{find}.click()")

    def text(self, selector: str) -> str:
        """Return the visible text of the first matching element, with plain spaces."""
        element = f"document.querySelector({json.dumps(selector)})"
        return str(self.evaluate(f"{element} ? {element}.innerText : ''")).replace("\xa0", " ")

    def until(self, selector: str, part: str, timeout_s: float = PATIENCE_S) -> str:
        """Wait until the text of `selector` contains `part` and return the text."""

        def found() -> str | None:
            text = self.text(selector)
            return text if part in text else None

        return wait_until(f"{part!r} in {selector}", found, timeout_s=timeout_s)

    def picture(self, path: Path) -> None:
        """Write a screenshot of the page as PNG."""
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot")["data"]))
