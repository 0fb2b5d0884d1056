"""Test inputs that scripts of a package generate, as listed in `generators/generated.yaml`.

The Problem Package Format does not define generators, so the format of this file is AlgoItny's own.
Each entry has `test` (the name of the test, such as `secret/10-large`), `script` (a Python file in
`generators/`), `arguments` (strings) and `sha256` (of the script's standard output). The answers
are files in `data/`, as for other tests.

A script has all rights of the user who imports the package, so import only trusted packages.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from graphql_api.cli.problem_packages.files import PackageError, read_yaml
from graphql_api.cli.problem_packages.model import Generated
from graphql_api.cli.problem_packages.values import Values
from graphql_api.data.limits import MB

FILE = Path("generators") / "generated.yaml"
KEYS = frozenset({"test", "script", "arguments", "sha256"})
LONGEST_RUN_S = 120
_BLOCK = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_generated(root: Path) -> dict[str, Generated]:
    """Return the generated inputs, by the name of their test, without running a script.

    Raises:
        PackageError: The list is malformed, or contains a script that does not exist.
    """
    path = root / FILE
    if not path.is_file():
        return {}
    entries = read_yaml(path) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise PackageError(
            path, "must be a list of mappings with the keys test, script, arguments and sha256"
        )
    inputs: dict[str, Generated] = {}
    for entry in entries:
        name, generated = _read_entry(path, entry)
        if name in inputs:
            raise PackageError(path, f"{name}: is listed twice; remove one of the entries")
        inputs[name] = generated
    return inputs


def _read_entry(path: Path, entry: dict[str, Any]) -> tuple[str, Generated]:
    values = Values(path, entry)
    values.refuse_unknown(KEYS)
    name, script, digest = (values.text(key) for key in ("test", "script", "sha256"))
    if not name or not name.startswith(("sample/", "secret/")):
        raise values.error("test", "must be the name of a test, such as secret/10-large")
    if not script or Path(script).name != script or not (path.parent / script).is_file():
        raise values.error(
            "script", "must be the name of a file in the same directory as generated.yaml"
        )
    if not digest or not _DIGEST.fullmatch(digest):
        raise values.error("sha256", "must be the 64 hexadecimal digits of the input's SHA-256")
    arguments = values.string_list("arguments")
    return name, Generated(script=path.parent / script, arguments=arguments, sha256=digest)


def generate(generated: Generated, limit: int = 64 * MB) -> bytes:
    """Run a script, check the SHA-256 of its output, and return the output.

    Raises:
        PackageError: The script fails, writes more than `limit` bytes, runs for more than 120 s, or
            its output has another SHA-256.
    """
    command = [sys.executable, "-I", "-X", "utf8", str(generated.script.resolve())]
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - the operator trusts this package
            [*command, *generated.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env={},
        ) as process,
    ):
        timer = threading.Timer(LONGEST_RUN_S, process.kill)
        timer.start()
        try:
            content = _read_up_to(process, limit)
        finally:
            timer.cancel()
        if len(content) <= limit and process.wait() != 0:
            errors.seek(0)
            last_line = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            reason = last_line[0] if last_line else f"exit code {process.returncode}"
            raise PackageError(
                generated.script, f"the generator failed: {reason}; correct the script"
            )
    return _check_output(generated, content, limit)


def _read_up_to(process: subprocess.Popen[bytes], limit: int) -> bytes:
    """Return the output of a process. Kill the process if it writes more than `limit` bytes."""
    assert process.stdout is not None
    content = bytearray()
    while block := process.stdout.read(_BLOCK):
        content += block
        if len(content) > limit:
            process.kill()
            break
    return bytes(content)


def _check_output(generated: Generated, content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise PackageError(
            generated.script, f"wrote more than {limit // MB} MB; make the input smaller"
        )
    digest = hashlib.sha256(content).hexdigest()
    if digest != generated.sha256:
        raise PackageError(
            generated.script,
            f"wrote an input with the SHA-256 {digest}, which differs from "
            "generated.yaml; correct the script or the digest",
        )
    return content
