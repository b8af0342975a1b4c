"""One-time links with which a person sets the password of an account."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from app.auth.caller import Caller
from app.auth.errors import LinkNotValid
from app.auth.models import Account, ApiToken, Session, SetupLink
from app.auth.passwords import check_new_password, hash_password
from app.auth.sessions import caller_from, digest, new_secret, open_session
from app.db import Database, ReadSession, WriteSession


async def make_link(session: WriteSession, account_id: UUID, *, now: datetime, hours: int) -> str:
    """Make a link valid for `hours`; return its secret. It replaces the account's earlier links."""
    await session.execute(
        update(SetupLink)
        .where(SetupLink.account_id == account_id, SetupLink.expires_at > now)
        .values(expires_at=now)
    )
    secret = new_secret()
    await session.execute(
        insert(SetupLink).values(
            token_hash=digest(secret),
            account_id=account_id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    return secret


async def account_of_link(session: ReadSession, secret: str, now: datetime) -> Caller:
    """Return whose password an unused link sets; raises LinkNotValid."""
    account = await session.scalar(
        select(Account)
        .join(SetupLink, SetupLink.account_id == Account.id)
        .where(
            SetupLink.token_hash == digest(secret),
            SetupLink.used_at.is_(None),
            SetupLink.expires_at > now,
            Account.active,
        )
    )
    if account is None:
        raise LinkNotValid
    return caller_from(account)


async def use_link(
    database: Database, secret: str, password: str, *, now: datetime, hours: int
) -> tuple[Caller, str]:
    """Set the password, use the link up and sign in; return the caller and a session's secret.

    The account's sessions and tokens end: whoever held it before holds nothing now. Raises
    LinkNotValid, also for the second of two who use one link at once, and PasswordTooWeak.
    """
    async with database.read() as session:
        caller = await account_of_link(session, secret, now)
    check_new_password(password, caller.username)
    password_hash = await hash_password(password)
    async with database.write() as session:
        used = await session.scalar(
            update(SetupLink)
            .where(
                SetupLink.token_hash == digest(secret),
                SetupLink.used_at.is_(None),
                SetupLink.expires_at > now,
            )
            .values(used_at=now)
            .returning(SetupLink.account_id)
        )
        if used is None:
            raise LinkNotValid
        await session.execute(
            update(Account).where(Account.id == used).values(password_hash=password_hash)
        )
        await session.execute(delete(Session).where(Session.account_id == used))
        await session.execute(
            update(ApiToken)
            .where(ApiToken.account_id == used, ApiToken.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        return caller, await open_session(session, used, now=now, hours=hours)
