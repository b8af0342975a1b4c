"""Tables of the tree: tiles, which only grow, and the heads that it has had."""

from datetime import datetime

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
    """The tree after leaves were taken in: its size and its root (RFC 6962). Never altered."""

    __tablename__ = "log_head"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("octet_length(root) = 32", name="root"),
    )

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    made_at: Mapped[datetime]


class LogCheckpoint(Base):
    """A head as it is published: a signed note (C2SP tlog-checkpoint). Never altered."""

    __tablename__ = "log_checkpoint"

    size: Mapped[int] = mapped_column(ForeignKey("log_head.size"), primary_key=True)
    note: Mapped[str]
    signed_at: Mapped[datetime]


class LogKey(Base):
    """A key that checkpoints are signed with, as a verifier key line, and since when."""

    __tablename__ = "log_key"

    vkey: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
