"""`/healthz`: the process runs. `/readyz`: it can keep what it is told."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from app.db import Databases, is_away, unsafe_settings
from app.error_handlers import answer
from app.errors import DomainError, Kind
from app.migrate import current, newest
from app.transparency.behind import Behind, behind

router = APIRouter(tags=["ops"])


class NotReady(DomainError):
    """The database is not migrated, or set so that a 2xx could be lost."""

    name = "not-ready"
    kind = Kind.UNAVAILABLE
    title = ("还没有就绪", "Not ready")
    detail = ("还没有就绪：{reason}", "Not ready: {reason_en}")


@router.get("/healthz", summary="进程在运行")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", summary="数据库可用、结构为最新、设置安全")
async def readyz(request: Request, database: Databases) -> Response:
    try:
        async with database.read() as session:
            found, unsafe = await current(session), await unsafe_settings(session)
            late = await behind(session, datetime.now(UTC)) if found == newest() else None
    except (SQLAlchemyError, OSError) as error:
        if not is_away(error):
            raise
        return answer(NotReady(reason="数据库连接不上", reason_en="database away"), request)
    if found != newest():
        reason = f"数据库结构是 {found}，程序需要 {newest()}，请运行 python -m app migrate"
        return answer(
            NotReady(reason=reason, reason_en=f"schema {found} is not {newest()}"), request
        )
    if unsafe:
        names = "、".join(unsafe)
        return answer(
            NotReady(
                reason=f"数据库设置 {names} 已关闭，断电会丢失已确认的记录",
                reason_en=f"{names} is off",
            ),
            request,
        )
    # Recording and reading go on: what follows is wrong with the evidence, not with the service.
    body: dict[str, Any] = {"status": "ready", "schema": found}
    body |= _signer_of(request, late)
    if late:
        body["log"] = {
            "status": "behind",
            "published": late.published,
            "since": late.since.isoformat(),
            "why": "登记超过一分钟没有进入公布的日志头",
            "why_en": "records have waited over a minute for a published head",
        }
    return JSONResponse(body)


def _signer_of(request: Request, late: Behind | None) -> dict[str, Any]:
    """Say what is to be said of the signer: nothing where this process signs without a fault."""
    signer = request.app.state.signer
    if signer is not None and signer.why:
        chinese, english = signer.why
        return {"signer": {"status": "refuses", "why": chinese, "why_en": english}}
    if signer is not None:
        return {}
    if late is None:
        return {"signer": {"status": "elsewhere"}}
    missing = {
        "status": "missing",
        "why": "这台服务器不签名，别处也没有在签",
        "why_en": "this server does not sign, and no other one does",
    }
    return {"signer": missing}
