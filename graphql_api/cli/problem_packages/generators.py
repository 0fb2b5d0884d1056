"""Inputs that scripts of a package write: `generators/generated.yaml`.

The Problem Package Format leaves generators to the packages; this file is AlgoItny's own. It is a
list of `test` (the test's name, as `secret/10-large`), `script` (a Python file in `generators/`),
`arguments` (texts) and `sha256` (of what the script must write to its standard output). The answers
lie in `data/` as those of other tests do.

A script runs with the rights of whoever imports the package: import only packages that you trust.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from graphql_api.cli.problem_packages.files import MB, PackageError, read_yaml
from graphql_api.cli.problem_packages.model import Generated
from graphql_api.cli.problem_packages.values import Values

FILE = Path("generators") / "generated.yaml"
KEYS = frozenset({"test", "script", "arguments", "sha256"})
LONGEST_RUN_S = 120
_BLOCK = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_generated(root: Path) -> dict[str, Generated]:
    """Return the generated inputs by the name of their test; runs nothing.

    Raises:
        PackageError: the list is malformed, or names a script that is not there.
    """
    path = root / FILE
    if not path.is_file():
        return {}
    entries = read_yaml(path) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise PackageError(path, "must be a list of test, script, arguments and sha256")
    found: dict[str, Generated] = {}
    for entry in entries:
        name, generated = _entry(path, entry)
        if name in found:
            raise PackageError(path, f"{name}: stands there twice")
        found[name] = generated
    return found


def _entry(path: Path, entry: dict[str, Any]) -> tuple[str, Generated]:
    values = Values(path, entry)
    values.refuse_unknown(KEYS)
    name, script, digest = (values.text(key) for key in ("test", "script", "sha256"))
    if not name or not name.startswith(("sample/", "secret/")):
        raise values.error("test", "must be a test's name, such as secret/10-large")
    if not script or Path(script).name != script or not (path.parent / script).is_file():
        raise values.error("script", "must be the name of a file beside generated.yaml")
    if not digest or not _DIGEST.fullmatch(digest):
        raise values.error("sha256", "must be the 64 hexadecimal digits of the input's SHA-256")
    arguments = values.string_list("arguments")
    return name, Generated(script=path.parent / script, arguments=arguments, sha256=digest)


def generate(generated: Generated, limit: int = 64 * MB) -> bytes:
    """Run a script and return what it wrote, which has the digest that the package states.

    Raises:
        PackageError: the script fails, writes over `limit` bytes, runs over 120 s, or its output
            has another digest.
    """
    command = [sys.executable, "-I", "-X", "utf8", str(generated.script.resolve())]
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - the operator asked to import this package
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
            said = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            why = said[0] if said else f"exit code {process.returncode}"
            raise PackageError(generated.script, f"the generator failed: {why}")
    return _check_output(generated, content, limit)


def _read_up_to(process: subprocess.Popen[bytes], limit: int) -> bytes:
    """Return the output; one byte too many, and the end of the process, beyond the limit."""
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
        raise PackageError(generated.script, f"wrote more than {limit // MB} MB")
    digest = hashlib.sha256(content).hexdigest()
    if digest != generated.sha256:
        raise PackageError(
            generated.script, f"wrote another input than generated.yaml states: sha256 {digest}"
        )
    return content
