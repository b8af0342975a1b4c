"""Tables of webhooks: who is told of alerts at which address, and what is to be sent there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base

TEST = "test"
"""What stands in the place of a rule where somebody tries an address out."""


class WebhookEndpoint(Base):
    """An address that is told of an area's alerts. Ended, never removed: what was sent stays."""

    __tablename__ = "webhook_endpoint"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str]
    area: Mapped[str]
    """The province, a reporting area or a county."""
    rules: Mapped[list[str]]
    """Rules that it is told of; empty for all."""
    secret: Mapped[bytes] = mapped_column(deferred=True)
    """The key of its signatures. It must be known to sign, so it cannot be kept as a digest."""
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    paused_at: Mapped[datetime | None]
    """From when its messages wait; they are sent once it goes on."""
    ended_at: Mapped[datetime | None]
    told_to: Mapped[int]
    """The place in the journal of findings up to which its outbox is filled."""


class WebhookDelivery(Base):
    """One message to one address: what a leaf, or an instant of silence, changed of one rule."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint", "cause", "rule"),
        CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="state"),
        Index("ix_webhook_delivery_next_at", "next_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_webhook_delivery_endpoint_id", "endpoint", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Sent along: a receiver that sees it again has it already."""
    endpoint: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoint.id"))
    cause: Mapped[str]
    """`leaf/<index>`, `time/<instant>` where time alone brought it, or `test/<id>`."""
    rule: Mapped[str]
    body: Mapped[str]
    """The exact text that is signed and sent."""
    created_at: Mapped[datetime]
    state: Mapped[str]
    attempts: Mapped[int]
    next_at: Mapped[datetime]
    """Not before then; while one process sends it, until when the others leave it alone."""
    sent_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    """What came of the last attempt: a status, or what went wrong."""
