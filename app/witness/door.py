"""What a witness answers over HTTP: c2sp.org/tlog-witness v1, and who it is in plain words."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.logging import log
from app.transparency.add_checkpoint import SIZE_MEDIA, MalformedRequest
from app.witness.judge import Verdict
from app.witness.keep import Witness

MOST_BODY_BYTES = 1 << 16
"""A proof takes at most 3 KB, and a checkpoint with a dozen signatures not 3 KB more."""
ALWAYS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

WHO = """\
这是一个独立的见证人，为下列存证日志作见证。
日志每次公布新的日志头（条数与根），都把它送来；见证人核对它确实是上一次的延续（只有增加，没有改动、没有删减），
才签上自己的名字和时间，并把它存在自己的磁盘上。日志即使连同签名钥匙一起被人改写，也得不到这里的签名。
见证人没有数据库，看不到任何登记的内容。

This is an independent witness of the logs below. It cosigns a log's checkpoint only after a proof that it
continues the one cosigned before: entries added, none changed, none taken away. It sees no entry.
c2sp.org/tlog-witness: POST /add-checkpoint

公钥 / verifier key:
"""


class _Refusal(NamedTuple):
    status: int
    words: str


REFUSALS = {
    Verdict.UNKNOWN_LOG: _Refusal(404, "不认识这个日志 / the origin is unknown here"),
    Verdict.NOT_SIGNED: _Refusal(
        403, "没有这个日志的有效签名 / no known key of this log signed it, or a signature is wrong"
    ),
    Verdict.BACKWARDS: _Refusal(
        400, "旧的条数大于新的条数 / the old size is larger than the checkpoint's"
    ),
    Verdict.NOT_PROVEN: _Refusal(
        422, "不能证明它是上一次的延续 / the proof does not verify: it is not cosigned"
    ),
}
"""All but those that are answered with this witness's size."""


def create_app(
    witness: Witness, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Starlette:
    """Return the service of a witness; `clock` tells the time of its cosignatures."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            body = await _body(request)
        except ClientDisconnect:
            body = b""
        if body is None:
            return _text(f"至多 {MOST_BODY_BYTES} 字节 / at most so many bytes", 413)
        try:
            # A thread goes on when the client does not wait: nobody is judged in between.
            decision = await asyncio.to_thread(witness.add, body, clock())
        except MalformedRequest as error:
            return _text(f"格式不对 / {error}", 400)
        except OSError:
            log.exception("the cosigned checkpoint cannot be kept: nothing is cosigned")
            return _text("现在不能保存，没有签 / cannot be kept now: not cosigned", 503)
        if decision.verdict is Verdict.COSIGN:
            return _text(decision.lines, 200, end="")
        if refusal := REFUSALS.get(decision.verdict):
            return _text(refusal.words, refusal.status)
        return Response(f"{decision.size}\n", 409, {**ALWAYS, "Content-Type": SIZE_MEDIA})

    async def who(_: Request) -> Response:
        origins = dict.fromkeys(key.name for key in witness.logs)
        logs = "\n".join(_about(witness, origin) for origin in origins)
        return _text(f"{WHO}{witness.key.verifier}\n\n{logs}", 200, end="")

    async def key(_: Request) -> Response:
        return _text(str(witness.key.verifier), 200)

    return Starlette(
        routes=[
            Route("/", who),
            Route("/key", key),
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
        ]
    )


async def _body(request: Request) -> bytes | None:
    """Return the body, None where it is too long; it is not read further then."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY_BYTES:
            return None
    return bytes(body)


def _about(witness: Witness, origin: str) -> str:
    note = witness.last(origin)
    said = note.encode().decode() if note else "还没有签过 / nothing cosigned yet\n"
    return f"日志 / log: {origin}\n最近一次签的日志头 / last cosigned:\n\n{said}"


def _text(words: str, status: int, end: str = "\n") -> Response:
    return PlainTextResponse(words + end, status, ALWAYS)
