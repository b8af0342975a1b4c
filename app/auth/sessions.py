"""Signed-in browsers: an opaque cookie whose SHA-256 is a row, so that it can be revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import delete, insert, select

from app.auth.caller import Caller
from app.auth.models import Account, Session
from app.db import ReadSession, WriteSession

COOKIE = "session"


def new_secret() -> str:
    """Return 32 random bytes as text: a session, a token or a one-time link."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return what is stored of a secret. It has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def caller_from(account: Account, token: UUID | None = None) -> Caller:
    """Return the account as the rest of the code sees it."""
    return Caller(
        id=account.id,
        username=account.username,
        display_name=account.display_name,
        role=account.role,
        area=account.area,
        site=account.site,
        township=account.township,
        organisation=account.organisation,
        department=account.department,
        token=token,
    )


async def caller_of_session(session: ReadSession, secret: str, now: datetime) -> Caller | None:
    """Return who holds a cookie; None where it is unknown, expired or its account is closed."""
    account = await session.scalar(
        select(Account)
        .join(Session, Session.account_id == Account.id)
        .where(Session.token_hash == digest(secret), Session.expires_at > now, Account.active)
    )
    return caller_from(account) if account else None


async def open_session(
    session: WriteSession, account_id: UUID, *, now: datetime, hours: int
) -> str:
    """Open a session for `hours` and return its secret; the account's expired ones are swept."""
    await session.execute(
        delete(Session).where(Session.account_id == account_id, Session.expires_at <= now)
    )
    secret = new_secret()
    await session.execute(
        insert(Session).values(
            token_hash=digest(secret),
            account_id=account_id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    return secret


async def close_session(session: WriteSession, secret: str) -> None:
    """End a session; one that is gone already stays gone."""
    await session.execute(delete(Session).where(Session.token_hash == digest(secret)))


def set_cookie(response: Response, request: Request, secret: str) -> None:
    """Give the browser its session. `Secure` over https only: a village office may have none."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=request.app.state.settings.session_hours * 3600,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, request: Request) -> None:
    """Take the session back from the browser."""
    response.delete_cookie(
        COOKIE,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
