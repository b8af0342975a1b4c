"""The page 数据存证与核验: what the log guarantees, its head, and a proof checked by the reader."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.auth.access import Visitor
from app.db import Reading
from app.templating import render
from app.transparency import facts, read

router = APIRouter(include_in_schema=False)

MOST_TYPED = 20_000
"""Characters that the field takes, or a link may bring; what fills it is told to be too long."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@router.get("/log")
async def show_log(
    request: Request,
    caller: Visitor,
    session: Reading,
    q: str = "",
) -> Response:
    checkpoint = await facts.newest_checkpoint(session)
    head = await facts.head_of(session, checkpoint) if checkpoint else None
    signer = request.app.state.signer
    values = {
        "q": q[:MOST_TYPED],
        "most": MOST_TYPED,
        "signed_in": caller is not None,
        "begun": checkpoint is not None,
        "head": head,
        "root": _grouped(head.root.hex()) if head else [],
        "age": _ago(datetime.now(UTC) - head.recorded_at) if head and head.recorded_at else "",
        "waiting": await facts.waiting_for(session, checkpoint.size if checkpoint else 0),
        "keys": [key for key, _ in await read.keys(session)],
        "witnesses": await facts.witnessed(session),
        "refuses": signer.why[0] if signer and signer.why else "",
    }
    return render(request, "log/log.html", values)


def _grouped(digits: str) -> list[str]:
    """Return hex digits in groups that two people can read to each other."""
    return [digits[n : n + 8] for n in range(0, len(digits), 8)]


def _ago(age: timedelta) -> str:
    if age < timedelta(minutes=1):
        return "不到一分钟前"
    if age < HOUR:
        return f"{age // timedelta(minutes=1)} 分钟前"
    if age < DAY:
        return f"{age // HOUR} 小时前"
    return f"{age // DAY} 天前"
