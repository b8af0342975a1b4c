"""Wire shapes of webhooks."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, field_validator

from app.alerts.rules.catalogue import RULES
from app.events.declare_reference import AreaCode
from app.web import Unfit, Wire
from app.webhooks.endpoints import States
from app.webhooks.models import WebhookDelivery, WebhookEndpoint


class EndpointBody(Wire):
    """An address, the area it is told of, and the rules; none for all."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    area: AreaCode
    rules: Annotated[list[str], Field(default_factory=list, max_length=len(RULES))]

    @field_validator("rules")
    @classmethod
    def _are_rules(cls, rules: list[str]) -> list[str]:
        if not set(rules) <= set(RULES) or len(set(rules)) < len(rules):
            raise Unfit(f"应为以下规则，不重复：{'、'.join(RULES)}", f"must be among {list(RULES)}")
        return rules


class EndpointShown(BaseModel):
    """An address with its messages by state; its secret is never shown again."""

    id: UUID
    url: str
    area: str
    rules: list[str]
    created_at: datetime
    paused_at: datetime | None
    ended_at: datetime | None
    waiting: int
    sent: int
    dead: int

    @classmethod
    def of(cls, row: WebhookEndpoint, states: States) -> Self:
        """Return an address as shown."""
        return cls(
            id=row.id,
            url=row.url,
            area=row.area,
            rules=row.rules,
            created_at=row.created_at,
            paused_at=row.paused_at,
            ended_at=row.ended_at,
            waiting=states.get("waiting", 0),
            sent=states.get("sent", 0),
            dead=states.get("dead", 0),
        )


class EndpointMade(EndpointShown):
    """A new address with its secret, which is shown this once."""

    secret: str


class SentAgain(BaseModel):
    """How many messages are tried anew."""

    count: int


class EndpointList(BaseModel):
    """All addresses of areas in reach."""

    items: list[EndpointShown]
    next_cursor: None = None


class DeliveryShown(BaseModel):
    """A message and what came of it."""

    id: UUID
    rule: str
    cause: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    sent_at: datetime | None
    answer: str | None

    @classmethod
    def of(cls, row: WebhookDelivery) -> Self:
        """Return a message as shown; `next_at` only while it waits."""
        return cls(
            id=row.id,
            rule=row.rule,
            cause=row.cause,
            state=row.state,
            attempts=row.attempts,
            created_at=row.created_at,
            next_at=row.next_at if row.state == "waiting" else None,
            sent_at=row.sent_at,
            answer=row.answer,
        )


class DeliveryPage(BaseModel):
    """A page of messages, the newest first."""

    items: list[DeliveryShown]
    next_cursor: str | None
