"""Makes local servers listen only on the loopback address, and checks that they do so."""

import hashlib
import os
import shutil
import struct
import tempfile
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from graphql_api.cli.local import apt
from graphql_api.cli.local.paths import data_dir
from graphql_api.cli.local.process import EngineExposed, EngineUnavailable, run_tool
from graphql_api.private_folders import make_private_folder

SOURCE = Path(__file__).with_name("loopback.c")
BUILD_TIMEOUT_S = 60
_LISTEN = "0A"
_IP4_DIGITS = 8


def build_preload() -> Path:
    """Return the path of the library that makes a server listen only on the loopback address.

    Use the path as the environment variable `LD_PRELOAD` of the server. The library is built if
    it does not exist.

    Raises:
        EngineUnavailable: No C compiler is installed, or the compiler cannot build the library.
    """
    folder = data_dir("engines")
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    library = folder / f"loopback-{digest}.so"
    if not library.exists():
        make_private_folder(folder)
        _compile(library)
    return library


def _compile(library: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    advice = apt.install_command(apt.SANDBOX_PACKAGES)
    if compiler is None:
        raise EngineUnavailable(
            "No C compiler is installed. The C compiler builds a small library that makes "
            f"DynamoDB Local listen only on the loopback address. Install a C compiler: {advice}"
        )
    with tempfile.TemporaryDirectory(dir=library.parent, prefix=".build-") as scratch:
        built = Path(scratch) / library.name
        command = [compiler, "-O2", "-Wall", "-fPIC", "-shared", "-o", str(built), str(SOURCE)]
        code, last = run_tool(command, timeout_s=BUILD_TIMEOUT_S)
        if code != 0:
            raise EngineUnavailable(
                "The C compiler cannot build the library that makes DynamoDB Local listen only on "
                f"the loopback address. Install a complete C compiler: {advice}\n{last}"
            )
        os.replace(built, library)  # noqa: PTH105 - atomic if two processes build at the same time


def listening_addresses(port: int) -> set[IPv4Address | IPv6Address]:
    """Return the local addresses on which a TCP port accepts connections.

    Only the network namespace of this process is searched.
    """
    addresses = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _read_lines(Path(table)):
            _, local, _, state, *_ = line.split()
            digits, _, port_digits = local.partition(":")
            if state == _LISTEN and int(port_digits, 16) == port:
                addresses.add(_parse_address(digits))
    return addresses


def require_loopback(name: str, port: int) -> None:
    """Check that other machines cannot reach a local server.

    Raises:
        EngineExposed: The server also listens on an address that is not a loopback address.
    """
    others = [str(address) for address in listening_addresses(port) if not _is_loopback(address)]
    if others:
        raise EngineExposed(
            f"{name} listens on {', '.join(others)}, so other machines can reach {name}. Only the "
            f"loopback address is allowed, so {name} is not used. Report this as a bug."
        )


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()[1:]
    except FileNotFoundError:  # a kernel without IPv6
        return []


def _parse_address(digits: str) -> IPv4Address | IPv6Address:
    """Return the IP address that `/proc/net/tcp` contains as hexadecimal digits.

    Each group of 8 digits is a 32-bit number in the byte order of this machine.
    """
    words = [int(digits[start : start + _IP4_DIGITS], 16) for start in range(0, len(digits), 8)]
    return ip_address(struct.pack(f"={len(words)}I", *words))


def _is_loopback(address: IPv4Address | IPv6Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
