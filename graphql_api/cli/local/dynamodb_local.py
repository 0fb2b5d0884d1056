"""Amazon's DynamoDB Local for development and tests.

The tool `jgo` downloads the jars once, without Maven. The file `dynamodb_local.lock` lists the
names, versions and SHA-256 sums of the accepted jars. Each start compares the jars with this list.
Only jars with a matching sum are put on the class path. If all jars match, nothing is downloaded.
"""

import hashlib
import http.client
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from graphql_api.cli.local.java import find_java
from graphql_api.cli.local.loopback import build_preload, require_loopback
from graphql_api.cli.local.paths import data_dir
from graphql_api.cli.local.process import (
    HOST,
    EngineProcess,
    EngineUnavailable,
    exclusive,
    free_port,
    run_tool,
)
from graphql_api.private_folders import make_private_folder

HERE = Path(__file__).parent
LOCK_FILE = HERE / "dynamodb_local.lock"
JGO_FILE = HERE / "jgo.toml"
MAIN_CLASS = "software.amazon.dynamodb.services.local.main.ServerRunner"
FETCH_TIMEOUT_S = 600
FETCH_COMMAND = "make setup"


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file that DynamoDB Local loads: its name without a folder, and its SHA-256 sum."""

    name: str
    sha256: str

    def matches(self, folder: Path) -> bool:
        """Return whether the file exists in `folder` and has this SHA-256 sum."""
        try:
            with (folder / self.name).open("rb") as handle:
                return hashlib.file_digest(handle, "sha256").hexdigest() == self.sha256
        except FileNotFoundError:
            return False


def read_lock(path: Path = LOCK_FILE) -> tuple[LockedFile, ...]:
    """Return the files that are listed in the lock file, with their SHA-256 sums.

    Each line of the lock file is `group:artifact:version:kind sha256` or a comment.
    """
    files = []
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            coordinates, sha256 = line.split()
            _, artifact, version, kind = coordinates.split(":")
            files.append(LockedFile(f"{artifact}-{version}.{kind}", sha256))
    return tuple(files)


def find_mismatches(folder: Path, locked: tuple[LockedFile, ...]) -> list[str]:
    """Return the names of the files that are missing in `folder` or have another SHA-256 sum.

    `locked` contains the files and the required sums. The comparison of all sums takes about
    0.1 s.
    """
    return [file.name for file in locked if not file.matches(folder)]


def jars_dir() -> Path:
    """Return the folder for the verified jars and native libraries."""
    return data_dir("engines", "dynamodb-local")


def prepare_jars() -> Path:
    """Return the folder with the jars. Download all jars if one is missing or altered.

    Several processes may call this function at the same time.

    Raises:
        EngineUnavailable: The download failed, or a downloaded file does not have the SHA-256
            sum that the lock file requires.
    """
    folder, locked = jars_dir(), read_lock()
    if not find_mismatches(folder, locked):
        return folder
    with exclusive(data_dir("engines", "dynamodb-local.lock")):
        if find_mismatches(folder, locked):
            _fetch(folder, locked)
    return folder


def _fetch(folder: Path, locked: tuple[LockedFile, ...]) -> None:
    for left_by_a_killed_fetch in folder.parent.glob("jgo-*"):
        shutil.rmtree(left_by_a_killed_fetch, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="jgo-", dir=folder.parent) as scratch_name:
        scratch = Path(scratch_name)
        _run_jgo(scratch)
        incoming = scratch / "checked"
        incoming.mkdir()
        for part in ("jars", "modules"):
            for path in (scratch / "jgo" / part).glob("*"):
                path.rename(incoming / path.name)
        mismatches = find_mismatches(incoming, locked)
        if mismatches:
            raise EngineUnavailable(
                "Downloaded files of DynamoDB Local do not have the checksums in "
                f"{LOCK_FILE.name}: {', '.join(mismatches[:5])}. Nothing was installed. Try "
                f"again: {FETCH_COMMAND}"
            )
        shutil.rmtree(folder, ignore_errors=True)
        incoming.rename(folder)


def _run_jgo(scratch: Path) -> None:
    jgo = shutil.which("jgo", path=str(Path(sys.executable).parent)) or shutil.which("jgo")
    if jgo is None:
        raise EngineUnavailable(
            "The jars of DynamoDB Local are missing. The Python package jgo, which downloads the "
            f"jars, is also missing. Install both with: {FETCH_COMMAND}"
        )
    shutil.copy(JGO_FILE, scratch / "jgo.toml")
    command = [jgo, "--ignore-config", "--resolver", "python", "--repo-cache", str(scratch / "m2")]
    command += ["--cache-dir", str(scratch / "jgo"), "--class-path-only", "--links", "copy"]
    command += ["--timeout", "60", "sync"]
    code, last = run_tool(command, timeout_s=FETCH_TIMEOUT_S, cwd=scratch)
    if code != 0 or not (scratch / "jgo" / "modules").is_dir():
        raise EngineUnavailable(
            "The jars of DynamoDB Local could not be downloaded. Check the network and try again: "
            f"{FETCH_COMMAND}\nThe download program `jgo` "
            f"printed:\n{last}"
        )


class DynamoDBLocal(EngineProcess):
    """DynamoDB Local on a port of this machine: `with DynamoDBLocal() as engine: engine.endpoint`.

    Parameters:
        data_dir: Folder for the database file, created if missing. None keeps the data in memory.
        port: TCP port. 0 means any free port.
        log_path: File for the output (default `.data/log/dynamodb-PORT.log`).
        heap_mb: Java heap in MiB. In a measurement, 256 MiB were enough for 40,000 items.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        port: int = 0,
        *,
        log_path: Path | None = None,
        heap_mb: int = 256,
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.heap_mb = heap_mb
        super().__init__("DynamoDB Local", log_path or _log_path(self.port))

    @property
    def endpoint(self) -> str:
        """The URL of the server, for `AWS_ENDPOINT_URL_DYNAMODB`."""
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        """Return the command line. This verifies the jars, and downloads them if necessary.

        Raises:
            EngineUnavailable: Java is not installed, or the jars cannot be downloaded.
        """
        java, folder, preload = find_java(), prepare_jars(), build_preload()
        jars = [file.name for file in read_lock() if file.name.endswith(".jar")]
        # The server has no option for its address: without the library it listens on all addresses.
        command = ["env", f"LD_PRELOAD={preload}"]
        command += [str(java), f"-Xmx{self.heap_mb}m", "-XX:+UseSerialGC"]
        # Use only Java's C1 compiler: the server is ready after 0.65 s instead of 0.98 s.
        command += ["-XX:TieredStopAtLevel=1", f"-Djava.library.path={folder}"]
        command += ["--enable-native-access=ALL-UNNAMED"]
        command += ["-cp", ":".join(str(folder / jar) for jar in jars), MAIN_CLASS]
        command += ["-port", str(self.port), "-sharedDb", "-disableTelemetry"]
        if self.data_dir is None:
            return [*command, "-inMemory"]
        make_private_folder(self.data_dir)
        return [*command, "-dbPath", str(self.data_dir.resolve())]

    def is_ready(self) -> bool:
        """Return whether the server answers HTTP with any status.

        Raises:
            EngineExposed: Other machines can reach the server.
        """
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        require_loopback(self.name, self.port)
        return True


def _log_path(port: int) -> Path:
    return data_dir("log", f"dynamodb-{port}.log")
