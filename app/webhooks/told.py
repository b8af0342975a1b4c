"""An address as its pages show it: where it leads, how it stands, what came of its last message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from app.webhooks.endpoints import Listed
from app.webhooks.models import WebhookDelivery
from app.webhooks.signed import MOST_ATTEMPTS

Standing = Literal["in_use", "failing", "paused", "ended"]
STANDING_NAMES: dict[Standing, str] = {
    "in_use": "在用",
    "failing": "没有送到",
    "paused": "已暂停",
    "ended": "已停用",
}
RETRIES = f"没有送到时自动再试，间隔从半分钟逐步拉长到六小时，至多 {MOST_ATTEMPTS} 次。"
SAID = {
    "test": "测试消息已发出，结果见下面最新一条。",
    "pause": "已暂停。新的消息会留着，恢复以后再发。",
    "resume": "已恢复，留着的消息马上发送。",
    "send-again": "没有送到的消息马上重新发送。",
    "end": "已停用，不再发送。",
}
"""By what was done to an address."""


@dataclass(frozen=True)
class Told:
    """One address."""

    id: UUID
    url: str
    host: str
    area: str
    rules: list[str]
    standing: Standing
    standing_name: str
    created_at: datetime
    paused_at: datetime | None
    ended_at: datetime | None
    waiting: int
    sent: int
    dead: int
    latest: WebhookDelivery | None


def told_of(listed: Listed) -> Told:
    """Return an address as shown."""
    row, states = listed.endpoint, listed.states
    standing: Standing = "in_use"
    if row.ended_at is not None:
        standing = "ended"
    elif row.paused_at is not None:
        standing = "paused"
    elif listed.latest is not None and listed.latest.state != "sent" and listed.latest.answer:
        standing = "failing"
    return Told(
        id=row.id,
        url=row.url,
        host=urlsplit(row.url).netloc,
        area=row.area,
        rules=row.rules,
        standing=standing,
        standing_name=STANDING_NAMES[standing],
        created_at=row.created_at,
        paused_at=row.paused_at,
        ended_at=row.ended_at,
        waiting=states.get("waiting", 0),
        sent=states.get("sent", 0),
        dead=states.get("dead", 0),
        latest=listed.latest,
    )
