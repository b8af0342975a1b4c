"""`/log/export`: the whole log as a file, for auditors."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.types import Send

from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Databases
from app.evidence.snapshot import exported

router = APIRouter(tags=["log"])

_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")


class ExportResponse(StreamingResponse):
    """A streamed export; a client that goes away ends it, and its connection is free again."""

    media_type = "application/jsonl"

    def __init__(self, first: str, rest: AsyncGenerator[str], name: str) -> None:
        self.rest = rest
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        super().__init__(_joined(first, rest), headers=disposition)

    async def stream_response(self, send: Send) -> None:
        """Send all of it, and close what it is read from however that ends."""
        async with aclosing(self.rest):
            await super().stream_response(send)


@router.get(
    "/log/export", summary="全部登记和存证树，审计人员可取", response_class=StreamingResponse
)
async def get_export(caller: SignedIn, database: Databases) -> ExportResponse:
    require(caller, "log.entries")
    url = database.engine.url.render_as_string(hide_password=False)
    pieces = exported(url, private=False)
    # What is refused must not begin with a 200.
    first = await anext(pieces)
    head = json.loads(first)
    name = f"{_UNSAFE.sub('-', head['origin'] or 'log')}-{head['leaves']}.jsonl"
    return ExportResponse(first, pieces, name)


async def _joined(first: str, rest: AsyncGenerator[str]) -> AsyncGenerator[str]:
    yield first
    async for piece in rest:
        yield piece
