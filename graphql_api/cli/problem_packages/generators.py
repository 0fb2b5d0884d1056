"""Test inputs that scripts of a package generate, as listed in `generators/generated.yaml`.

The Problem Package Format does not define generators, so the format of this file is AlgoItny's own.
Each entry has `test` (the name of the test, such as `secret/10-large`), `script` (a Python file in
`generators/`), `arguments` (strings) and `sha256` (of the script's standard output). The answers
are files in `data/`, as for other tests.

A script runs in the sandbox, like a submission. It has no network and no files except itself. Its
time, memory, processes and output are limited.
"""

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Any, Self

from graphql_api.cli.problem_packages.files import PackageError, read_bytes, read_yaml
from graphql_api.cli.problem_packages.model import Generated
from graphql_api.cli.problem_packages.values import Values
from graphql_api.data.limits import KB, MB
from judge.languages.scripts import PYTHON
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.sandbox import Sandbox, open_sandbox
from judge.sandbox.slots import WaitCancelled
from judge.toolchains.installed import find_tools

FILE = Path("generators") / "generated.yaml"
KEYS = frozenset({"test", "script", "arguments", "sha256"})
LONGEST_SCRIPT_BYTES = MB
LIMITS = RunLimits(cpu_ms=120_000, wall_ms=120_000, hard_wall_ms=300_000, memory_kb=1024 * 1024)
CANCELLED = "The generator was cancelled. Import the package again."
_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_generated(root: Path) -> dict[str, Generated]:
    """Return the entries of `generators/generated.yaml`. No script is run.

    The result maps the name of each test to its generated input. Without this file, the result is
    empty.

    Raises:
        PackageError: The list is malformed, or contains a script that does not exist.
    """
    path = root / FILE
    if not path.is_file():
        return {}
    entries = read_yaml(path) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise PackageError(
            path,
            "The file must contain a list of mappings with the keys `test`, `script`, "
            "`arguments` and `sha256`.",
        )
    inputs: dict[str, Generated] = {}
    for entry in entries:
        name, generated = _read_entry(path, entry)
        if name in inputs:
            raise PackageError(
                path, f"The test `{name}` is listed twice. Remove one of the two entries."
            )
        inputs[name] = generated
    return inputs


def _read_entry(path: Path, entry: dict[str, Any]) -> tuple[str, Generated]:
    values = Values(path, entry)
    values.refuse_unknown(KEYS)
    name, script, digest = (values.text(key) for key in ("test", "script", "sha256"))
    if not name or not name.startswith(("sample/", "secret/")):
        raise values.error("test", "must contain the name of a test, such as secret/10-large.")
    if not script or Path(script).name != script or not (path.parent / script).is_file():
        raise values.error(
            "script", "must contain the name of a file in the same directory as generated.yaml."
        )
    if not digest or not _DIGEST.fullmatch(digest):
        raise values.error(
            "sha256", "must contain the SHA-256 of the input as 64 lower-case hexadecimal digits."
        )
    arguments = values.string_list("arguments")
    if any("\0" in argument for argument in arguments):
        raise values.error("arguments", "must not contain NUL characters.")
    return name, Generated(script=path.parent / script, arguments=arguments, sha256=digest)


class GeneratorSandbox:
    """Runs generators in the same sandbox as submissions. The first run opens the sandbox.

    `work_dir` and `slots` must be the settings WORK_DIR and JUDGE_SLOTS of the workers on this
    host. Generators and submissions together then run in at most as many sandboxes as
    JUDGE_SLOTS allows.
    """

    def __init__(self, work_dir: Path, slots: int = 0, limits: RunLimits = LIMITS) -> None:
        self._root, self._slots, self._limits = work_dir / "sandbox", slots, limits
        self._sandbox: Sandbox | None = None
        self._lock, self._closing = Lock(), Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancel a running generator and close the sandbox."""
        self._closing.set()
        with self._lock:
            if self._sandbox is not None:
                self._sandbox.close()
            self._sandbox = None

    def generate(self, generated: Generated, limit: int = 64 * MB) -> bytes:
        """Run a script, check the SHA-256 of its output, and return the output.

        Raises:
            PackageError: The script fails, the script exceeds a limit (`limit` bytes of output,
                120 s, 1 GB of memory), the output has another SHA-256, or this machine has no
                sandbox.
        """
        program = _program(generated)
        limits = replace(self._limits, output_kb=limit // KB)
        with self._lock:
            try:
                self._sandbox = self._sandbox or open_sandbox(self._root, self._slots)
                report = self._sandbox.run(program, b"", limits, self._closing.is_set)
            except SandboxUnavailable as error:
                raise PackageError(
                    generated.script,
                    "The generator was not run, because this machine cannot run generators in a "
                    f"sandbox. {error}",
                ) from error
            except WaitCancelled as error:
                raise PackageError(generated.script, CANCELLED) from error
        with report:
            if report.outcome is not Outcome.OK:
                raise PackageError(generated.script, _explain(report, limits))
            return _check_digest(generated, report.stdout.read())


def _program(generated: Generated) -> Program:
    tools, problem = find_tools(PYTHON)
    if problem:
        raise PackageError(
            generated.script,
            f"The generator was not run, because Python is not available in the sandbox. {problem}",
        )
    name = generated.script.name
    command = (str(tools["python3"]), "-I", "-X", "utf8", name, *generated.arguments)
    content = read_bytes(generated.script, LONGEST_SCRIPT_BYTES)
    return Program(command, files={name: content})


def _explain(report: Report, limits: RunLimits) -> str:
    """Return a message for the author that says why a generator failed and how to correct it."""
    too_slow = (
        f"The generator ran for more than {limits.wall_ms // 1000} s. Make the script faster."
    )
    reasons = {
        Outcome.CPU_LIMIT: too_slow,
        Outcome.WALL_LIMIT: too_slow,
        Outcome.MEMORY: f"The generator used more than {limits.memory_kb // 1024} MB of memory. "
        "Change the script so that it uses less memory.",
        Outcome.OUTPUT: f"The generator wrote more than {limits.output_kb // 1024} MB. Make the "
        "input smaller.",
        Outcome.CANCELLED: CANCELLED,
        Outcome.INTERNAL: f"The sandbox failed: {report.message} Run `algoitny doctor`.",
    }
    if report.outcome in reasons:
        return reasons[report.outcome]
    last_line = report.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    reason = last_line[0] if last_line else report.signal or f"exit code {report.exit_code}"
    return (
        f"The generator failed: {reason}. Correct the script. Generators run in the sandbox, "
        "without network access and without other files."
    )


def _check_digest(generated: Generated, content: bytes) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    if digest != generated.sha256:
        raise PackageError(
            generated.script,
            f"The generator wrote an input with the SHA-256 {digest}, which differs from the "
            "SHA-256 in generated.yaml. Correct the script or generated.yaml.",
        )
    return content
