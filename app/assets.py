"""Files under `/static/`: packed once for those who can unpack, and addresses that may be kept."""

import gzip
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

WORTH_PACKING = {".js", ".css", ".wasm", ".svg"}
VERSION = re.compile(r"^v-[0-9a-f]{10}/")
"""A first folder that stands for all modules as they are: what a module imports has it as well."""


class Assets(StaticFiles):
    """The folder of static files; a type that packs well is sent packed where that is accepted."""

    async def get_response(self, path: str, scope: Any) -> Response:
        """Answer with a file as it is kept, or packed, or «not modified»."""
        answer = await super().get_response(VERSION.sub("", path), scope)
        if not isinstance(answer, FileResponse) or Path(answer.path).suffix not in WORTH_PACKING:
            return answer
        answer.headers["vary"] = "Accept-Encoding"
        if "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            return answer
        changed = answer.stat_result.st_mtime_ns if answer.stat_result else 0
        packed = await run_in_threadpool(_packed, str(answer.path), changed)
        kept = {name: answer.headers[name] for name in ("last-modified", "vary", "content-type")}
        headers = {**kept, "etag": f"W/{answer.headers['etag']}", "content-encoding": "gzip"}
        return Response(packed, headers=headers)


@lru_cache(maxsize=512)
def _packed(path: str, _changed: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 9, mtime=0)
