"""Serving the built playground's files."""

import gzip
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from graphql_api.http.playground import NOT_BUILT_PAGE, playground_page, playground_routes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "playground"
    built.mkdir()
    (tmp_path / "secret").write_text("not to be served")
    (built / "index.html").write_text("<!doctype html>page")
    (built / "main-ABC.js").write_text("let answer = 42")
    (built / "main-ABC.js.gz").write_bytes(gzip.compress(b"let answer = 42"))
    (built / "icons.ttf").write_bytes(b"\0\1")
    (built / ".inputs").write_text("stamp")
    return built


@pytest.fixture
def client(folder: Path) -> httpx.AsyncClient:
    app = Starlette(routes=playground_routes(folder))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_a_file_is_compressed_and_may_be_cached_forever(client: httpx.AsyncClient):
    answer = await client.get("/playground/main-ABC.js")
    assert answer.text == "let answer = 42"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "accept-encoding"


async def test_a_client_that_cannot_unpack_gets_the_plain_file(client: httpx.AsyncClient):
    answer = await client.get("/playground/main-ABC.js", headers={"accept-encoding": "identity"})
    assert answer.text == "let answer = 42"
    assert "content-encoding" not in answer.headers


async def test_a_file_with_no_packed_twin_is_served_plain(client: httpx.AsyncClient):
    answer = await client.get("/playground/icons.ttf")
    assert answer.content == b"\0\1"


@pytest.mark.parametrize(
    "name",
    ["..%2Fsecret", "%2e%2e/secret", ".inputs", "index.html", "main-ABC.js.gz", "absent.js", ""],
)
async def test_nothing_but_the_pages_files_is_served(client: httpx.AsyncClient, name: str):
    answer = await client.get(f"/playground/{name}")
    assert answer.status_code == 404
    assert "not to be served" not in answer.text


def test_the_page_is_what_was_built_and_none_where_nothing_was(folder: Path, tmp_path: Path):
    assert playground_page(folder) == b"<!doctype html>page"
    assert playground_page(tmp_path / "nowhere") is None
    assert b"make setup" in NOT_BUILT_PAGE
