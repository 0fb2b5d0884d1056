"""The GraphiQL page and its files, as the set-up built them under `.data/playground`."""

import mimetypes
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

CACHE_FOR_EVER = "public, max-age=31536000, immutable"  # the names carry a hash of the content

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
    """Return the built page, as UTF-8 HTML, or None where the playground was not built."""
    try:
        return (directory / "index.html").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def playground_routes(directory: Path) -> list[Route]:
    """Return the routes of the page's files, `/playground/NAME`, read from `directory`."""

    async def serve(request: Request) -> Response:
        return _file_response(directory, request)

    return [Route("/playground/{name:str}", serve, methods=["GET"])]


def _file_response(directory: Path, request: Request) -> Response:
    """Serve one file: packed, if the client can unpack it, and to be cached for ever."""
    name = request.path_params["name"]
    plain = directory / name
    if name.startswith(".") or name.endswith((".gz", ".html")) or not plain.is_file():
        raise HTTPException(status_code=404)
    headers = {
        "cache-control": CACHE_FOR_EVER,
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = directory / f"{name}.gz"
    if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
        headers["content-encoding"] = "gzip"
        return FileResponse(packed, headers=headers, media_type=kind)
    return FileResponse(plain, headers=headers, media_type=kind)
