"""Tokens of integrations: bearer secrets that act with their maker's rights, shown once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, tuple_, update

from app.auth.caller import Caller
from app.auth.models import Account, ApiToken
from app.auth.sessions import caller_from, digest, new_secret
from app.db import ReadSession, WriteSession
from app.errors import NotFound


async def caller_of_token(session: ReadSession, secret: str, now: datetime) -> Caller | None:
    """Return whose token it is; None where it is unknown, expired, revoked, or its maker closed."""
    row = (
        await session.execute(
            select(Account, ApiToken.id)
            .join(ApiToken, ApiToken.account_id == Account.id)
            .where(
                ApiToken.token_hash == digest(secret),
                ApiToken.expires_at > now,
                ApiToken.revoked_at.is_(None),
                Account.active,
            )
        )
    ).one_or_none()
    return caller_from(row[0], row[1]) if row else None


async def make_token(
    session: WriteSession, caller: Caller, *, name: str, days: int, now: datetime
) -> tuple[UUID, str, datetime]:
    """Make a token for the caller; return its id, its secret (shown once) and when it ends."""
    token_id, secret, expires_at = uuid4(), new_secret(), now + timedelta(days=days)
    await session.execute(
        insert(ApiToken).values(
            id=token_id,
            token_hash=digest(secret),
            account_id=caller.id,
            name=name,
            organisation=caller.organisation,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return token_id, secret, expires_at


async def tokens_of(
    session: ReadSession, caller: Caller, *, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[ApiToken]:
    """Return the caller's tokens, the newest first by (created_at, id)."""
    query = (
        select(ApiToken)
        .where(ApiToken.account_id == caller.id)
        .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(ApiToken.created_at, ApiToken.id) < before)
    return (await session.scalars(query)).all()


async def revoke_token(
    session: WriteSession, caller: Caller, token_id: UUID, now: datetime
) -> None:
    """End one of the caller's tokens, now and for good; NotFound where it is not theirs."""
    revoked = await session.scalar(
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.account_id == caller.id)
        .values(revoked_at=func.coalesce(ApiToken.revoked_at, now))
        .returning(ApiToken.id)
    )
    if revoked is None:
        raise NotFound(what=str(token_id))
