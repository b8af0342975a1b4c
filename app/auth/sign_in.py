"""Sign in with a username and a password: slowed, constant in work, exact under concurrency."""

from datetime import datetime

from sqlalchemy import select

from app.auth import throttle
from app.auth.caller import Caller
from app.auth.errors import TooManyAttempts, WrongCredentials
from app.auth.models import Account
from app.auth.passwords import matches
from app.auth.sessions import caller_from, open_session
from app.db import Database


async def sign_in(
    database: Database, username: str, password: str, *, peer: str, now: datetime, hours: int
) -> tuple[Caller, str]:
    """Return the caller and the secret of a new session that lasts `hours`.

    Raises WrongCredentials, recorded and committed, or TooManyAttempts, which says nothing about
    the password. An unknown name takes the same queries and the same hashing as a wrong password.
    """
    username = username.strip().lower()
    async with database.read() as session:
        wait = await throttle.wait_for(session, username, peer, now)
        account = await session.scalar(
            select(Account).where(Account.username == username, Account.active)
        )
    if wait:
        raise TooManyAttempts(retry_after_s=wait)
    # No connection is held while the hash is computed.
    fits = await matches(password, account.password_hash if account else None)
    secret = None
    async with database.write() as session:
        await throttle.take_turn(session, username, peer)
        wait = await throttle.wait_for(session, username, peer, now)
        if not wait and account and fits:
            # The share lock makes a password change come wholly before or wholly after.
            unchanged = await session.scalar(
                select(Account.id)
                .where(
                    Account.id == account.id,
                    Account.password_hash == account.password_hash,
                    Account.active,
                )
                .with_for_update(read=True)
            )
            if unchanged:
                secret = await open_session(session, account.id, now=now, hours=hours)
        if not wait and secret is None:
            await throttle.note_failure(session, username, peer, now)
    if wait:
        raise TooManyAttempts(retry_after_s=wait)
    if account is None or secret is None:
        raise WrongCredentials
    return caller_from(account), secret
