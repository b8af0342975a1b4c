"""Tables of accounts and of what proves who is calling. Secrets are stored as hashes alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class Account(Base):
    """A person's account. `area` is a province, reporting area or county code."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(
            "role IN ('collector','keeper','carrier','plant','township','county','city',"
            "'province','auditor','admin')",
            name="role",
        ),
        CheckConstraint("username = lower(username)", name="username_lower"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str | None]
    role: Mapped[str]
    area: Mapped[str]
    site: Mapped[str | None]
    township: Mapped[str | None]
    organisation: Mapped[str | None]
    department: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime]


class Session(Base):
    """A signed-in browser; `token_hash` is SHA-256 of the cookie."""

    __tablename__ = "session"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiToken(Base):
    """A token of an integration, with at most its maker's rights."""

    __tablename__ = "api_token"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str]
    organisation: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SetupLink(Base):
    """A one-time link with which a person sets the password of an account."""

    __tablename__ = "setup_link"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SitePerson(Base):
    """Somebody who shares a site's phone, with a PIN; events name the id alone. Can be forgotten."""

    __tablename__ = "site_person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    pin_check: Mapped[str]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]


class FailedSignIn(Base):
    """One failed sign-in; counted per account name and per peer to slow guessing."""

    __tablename__ = "failed_sign_in"
    __table_args__ = (
        Index("ix_failed_sign_in_username_at", "username", "at"),
        Index("ix_failed_sign_in_peer_at", "peer", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str]
    peer: Mapped[str]
    at: Mapped[datetime]
