"""The GraphiQL page and its files, which `make setup` builds in `.data/playground`."""

import mimetypes
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

CACHE_FOREVER = "public, max-age=31536000, immutable"  # file names contain a hash of the content

NOT_BUILT_PAGE = b"""<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>AlgoItny playground</title></head>
  <body style="font: 16px/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 40rem">
    <h1>The playground is not built</h1>
    <p>The API works: it answers POST requests at this address. To have GraphiQL here, run</p>
    <pre>make setup</pre>
    <p>in the checkout and start the API again.</p>
  </body>
</html>
"""


def playground_page(directory: Path) -> bytes | None:
    """Return the built page as UTF-8 HTML, or None if the playground is not built."""
    try:
        return (directory / "index.html").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def playground_routes(directory: Path) -> list[Route]:
    """Return the routes `/playground/NAME`, which serve the page's files from `directory`."""

    async def serve(request: Request) -> Response:
        return _file_response(directory, request)

    return [Route("/playground/{name:str}", serve, methods=["GET"])]


def _file_response(directory: Path, request: Request) -> Response:
    """Serve one file, which clients may cache forever.

    If the client accepts gzip, the compressed file is sent.
    """
    name = request.path_params["name"]
    plain = directory / name
    if name.startswith(".") or name.endswith((".gz", ".html")) or not plain.is_file():
        raise HTTPException(status_code=404)
    headers = {
        "cache-control": CACHE_FOREVER,
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = directory / f"{name}.gz"
    if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
        headers["content-encoding"] = "gzip"
        return FileResponse(packed, headers=headers, media_type=kind)
    return FileResponse(plain, headers=headers, media_type=kind)
