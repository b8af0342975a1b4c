"""A PDF as an answer over HTTP."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import quote

from fastapi.responses import StreamingResponse

MEDIA_TYPE = "application/pdf"
KEPT_IN_MEMORY = 2_000_000
PIECE = 64 * 1024


def paper_file() -> IO[bytes]:
    """Return an empty file to draw into; a large one goes to the disk."""
    return SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)


def pdf_answer(file: IO[bytes], name: str) -> StreamingResponse:
    """Send a drawn document; a browser shows it and saves it as `name`.pdf."""
    size = file.seek(0, 2)
    file.seek(0)

    def pieces() -> Iterator[bytes]:
        with file:
            while piece := file.read(PIECE):
                yield piece

    headers = {
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name, safe='')}.pdf",
        "Content-Length": str(size),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(pieces(), media_type=MEDIA_TYPE, headers=headers)
