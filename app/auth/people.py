"""Several people on one phone: whom a site's first account names, each with a PIN.

A PIN keeps colleagues apart, not thieves: it has at most six digits, and its hash is on the phone so
that it can be asked for without a network. Rights are the account's, whoever holds the phone.
"""

import asyncio
import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import SITE_ROLES, Caller
from app.auth.errors import PersonNotValid
from app.auth.models import Account, SitePerson
from app.auth.permissions import require
from app.db import WriteSession
from app.errors import Forbidden, NotFound

ITERATIONS = 310_000
"""Of PBKDF2 with SHA-256, which every browser has: a second or two on an old phone."""
MOST = 20
MOST_NAME = 20
_PIN = re.compile(r"[0-9]{4,6}", re.ASCII)


async def people_of(session: AsyncSession, site: str | None) -> Sequence[SitePerson]:
    """Return the people of a site, in the order in which they were named."""
    query = (
        select(SitePerson)
        .where(SitePerson.site == site)
        .order_by(SitePerson.created_at, SitePerson.id)
    )
    return (await session.scalars(query)).all()


async def is_first(session: AsyncSession, caller: Caller) -> bool:
    """Tell whether the caller's is the oldest active account of a site, which answers for it."""
    first = await session.scalar(
        select(Account.id)
        .where(Account.site == caller.site, Account.role.in_(SITE_ROLES), Account.active)
        .order_by(Account.created_at, Account.id)
        .limit(1)
    )
    return bool(first == caller.id)


async def require_first(session: AsyncSession, caller: Caller) -> str:
    """Return the caller's site; Forbidden to all but its first account."""
    require(caller, "people.manage")
    if caller.site is None or not await is_first(session, caller):
        raise Forbidden(
            action="现场登记的人员由本站点的第一个账号设置",
            action_en="people.manage, by another than the site's first account",
        )
    return caller.site


async def add_person(
    session: WriteSession, caller: Caller, name: str, pin: str, now: datetime
) -> SitePerson:
    """Name somebody who uses the site's phone. Raises PersonNotValid, Forbidden."""
    site = await require_first(session, caller)
    name = " ".join(name.split())
    if not 1 <= len(name) <= MOST_NAME:
        raise PersonNotValid(reason=f"姓名要写 1 到 {MOST_NAME} 个字", pointer="/name")
    if not _PIN.fullmatch(pin):
        raise PersonNotValid(reason="PIN 是 4 到 6 位数字", pointer="/pin")
    there = await session.scalar(
        select(func.count()).select_from(SitePerson).where(SitePerson.site == site)
    )
    if there and there >= MOST:
        raise PersonNotValid(reason=f"一个站点至多 {MOST} 人，先移除不再用的", pointer="/name")
    person = SitePerson(
        id=uuid4(),
        site=site,
        name=name,
        pin_hash=await asyncio.to_thread(pin_hash, pin),
        created_by=caller.id,
        created_at=now,
    )
    session.add(person)
    await session.flush()
    return person


async def remove_person(session: WriteSession, caller: Caller, person: UUID) -> None:
    """Forget somebody: the name goes, events keep the number that nobody can turn into it."""
    site = await require_first(session, caller)
    found = await session.get(SitePerson, person)
    if found is None or found.site != site:
        raise NotFound(what=str(person))
    await session.delete(found)


async def name_of(session: AsyncSession, site: str | None, author: str | None) -> str | None:
    """Return the name of who recorded an event of a site; None where it says nobody known."""
    if author is None:
        return None
    found: str | None = await session.scalar(
        select(SitePerson.name).where(SitePerson.id == UUID(author), SitePerson.site == site)
    )
    return found


def pin_hash(pin: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """Return `pbkdf2-sha256$iterations$salt$hash`, in base64: what a phone compares with."""
    salt = salt or secrets.token_bytes(16)
    found = hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, iterations)
    shown = (base64.b64encode(part).decode() for part in (salt, found))
    return "$".join(("pbkdf2-sha256", str(iterations), *shown))
