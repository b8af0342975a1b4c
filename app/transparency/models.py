"""Tables of the tree: tiles, which only grow, and the heads that it has had."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class LogTile(Base):
    """A tile's hashes, one after the other; a trigger lets it only gain some, up to 256."""

    __tablename__ = "log_tile"
    __table_args__ = (
        CheckConstraint("level >= 0 AND index >= 0", name="place"),
        CheckConstraint(
            "octet_length(hashes) % 32 = 0 AND octet_length(hashes) BETWEEN 32 AND 8192",
            name="hashes",
        ),
    )

    level: Mapped[int] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    hashes: Mapped[bytes]


class LogHead(Base):
    """The tree after leaves were taken in: its size and its root (RFC 6962). Never altered.

    `prev` is the size of the head before, 0 for the first: one that was removed is missed.
    """

    __tablename__ = "log_head"
    __table_args__ = (
        CheckConstraint("size > 0 AND prev BETWEEN 0 AND size - 1", name="size"),
        CheckConstraint("octet_length(root) = 32", name="root"),
    )

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    prev: Mapped[int]


class LogCheckpoint(Base):
    """A head as it is published: a signed note (C2SP tlog-checkpoint). Never altered.

    It has no time of its own: nothing that is signed would cover one. `prev` is the size of the
    one published before, 0 for the first.
    """

    __tablename__ = "log_checkpoint"
    __table_args__ = (CheckConstraint("prev BETWEEN 0 AND size - 1", name="prev"),)

    size: Mapped[int] = mapped_column(ForeignKey("log_head.size"), primary_key=True)
    note: Mapped[str]
    prev: Mapped[int]


class LogCosignature(Base):
    """A witness's line under a checkpoint (C2SP tlog-cosignature). Never altered."""

    __tablename__ = "log_cosignature"

    size: Mapped[int] = mapped_column(ForeignKey("log_checkpoint.size"), primary_key=True)
    vkey: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str]


class LogKey(Base):
    """A key of the log as leaves introduced it; `event_id` is the last that spoke of it.

    `purpose` is `checkpoint` or `receipt`, `vkey` a verifier key line (C2SP signed-note).
    """

    __tablename__ = "log_key"
    __table_args__ = (CheckConstraint("purpose IN ('checkpoint', 'receipt')", name="purpose"),)

    vkey: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    event_id: Mapped[UUID]
