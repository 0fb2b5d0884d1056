"""The Debian packages that AlgoItny needs: find the missing packages and install them as root."""

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphql_api.cli.local.process import EngineUnavailable, run_tool

APT_TIMEOUT_S = 1200


@dataclass(frozen=True, slots=True)
class SystemPackage:
    """A Debian package: its name, its purpose, and a function that checks if it is installed."""

    name: str
    purpose: str
    is_present: Callable[[], bool]


def _on_path(*programs: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(program) for program in programs)


def _has_static_libc() -> bool:
    gcc = shutil.which("gcc")
    if gcc is None:
        return False
    _, answer = run_tool([gcc, "-print-file-name=libc.a"], timeout_s=20)
    return Path(answer).is_absolute()


SANDBOX_PACKAGES = (
    SystemPackage("bubblewrap", "the sandbox", _on_path("bwrap")),
    SystemPackage("gcc", "the sandbox's runner and submissions in C", _on_path("gcc")),
    SystemPackage("g++", "submissions in C++", _on_path("g++")),
    SystemPackage("libc6-dev", "linking with the C library", _has_static_libc),
)
REDIS_PACKAGE = SystemPackage("redis-server", "queues and live progress", _on_path("redis-server"))
RUN_PACKAGES = (*SANDBOX_PACKAGES, REDIS_PACKAGE)
BROWSER_PACKAGE = SystemPackage("chromium", "the playground's test", _on_path("chromium"))


def find_missing(packages: Iterable[SystemPackage]) -> tuple[SystemPackage, ...]:
    """Return the packages that are not installed."""
    return tuple(package for package in packages if not package.is_present())


def install_command(packages: Iterable[SystemPackage]) -> str:
    """Return the shell command that installs `packages`."""
    names = " ".join(package.name for package in packages)
    return f"sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends {names}'"


def ensure_installed(packages: Sequence[SystemPackage]) -> tuple[str, ...]:
    """Install the missing packages with apt, which needs root. Return their names.

    Raises:
        EngineUnavailable: A package is missing and cannot be installed by this user or on this
            system.
    """
    missing = find_missing(packages)
    if not missing:
        return ()
    names = tuple(package.name for package in missing)
    command = install_command(missing)
    if shutil.which("apt-get") is None:
        raise EngineUnavailable(
            f"System packages are missing. Their names in Debian are: {', '.join(names)}. Install "
            "them with the package manager of this system."
        )
    if os.geteuid() != 0:
        raise EngineUnavailable(
            f"System packages are missing: {', '.join(names)}. Install them with this command:\n"
            f"  {command}"
        )
    _install(names, command)
    return names


def _install(names: Sequence[str], command: str) -> None:
    install = ["apt-get", "install", "-y", "--no-install-recommends", *names]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update"], install):
        code, last = run_tool(step, timeout_s=APT_TIMEOUT_S, env=environment)
    if code != 0:
        raise EngineUnavailable(
            f"`{' '.join(install)}` failed. Run this command yourself: {command}\nThe last lines "
            f"of the output:\n{last}"
        )
