"""Several people on one phone: whom a site's first account names, each with a PIN.

A PIN keeps colleagues apart, not thieves: it is asked for without a network, so that what it is held
against lies on the phone. Rights are the account's, whoever holds the phone.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import SITE_ROLES, Caller
from app.auth.errors import PersonNotValid
from app.auth.models import Account, SitePerson
from app.auth.permissions import require
from app.db import WriteSession
from app.errors import Forbidden, NotFound

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
    """Name somebody who uses the site's phone. Raises PersonNotValid, Forbidden.

    A PIN's full-width digits are digits, here as where the phone asks for it.
    """
    site = await require_first(session, caller)
    name = " ".join(name.split())
    pin = unicodedata.normalize("NFKC", pin).strip()
    if not 1 <= len(name) <= MOST_NAME:
        raise PersonNotValid(reason=f"姓名要写 1 到 {MOST_NAME} 个字", pointer="/name")
    if not _PIN.fullmatch(pin):
        raise PersonNotValid(reason="PIN 是 4 到 6 位数字", pointer="/pin")
    there = [one.name for one in await people_of(session, site)]
    if name in there:
        raise PersonNotValid(
            reason="已经有这个名字，请写得分得清，例如加上“大”“小”", pointer="/name"
        )
    if len(there) >= MOST:
        raise PersonNotValid(reason=f"一个站点至多 {MOST} 人，先移除不再用的", pointer="/name")
    person = SitePerson(
        id=uuid4(),
        site=site,
        name=name,
        pin_check=pin_check(site, name, pin),
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


def pin_check(site: str, name: str, pin: str) -> str:
    """Return what a PIN is held against: the first byte of its hash, in hex, and nothing else is kept.

    However slow, a whole hash of ten thousand possible PINs gives the PIN to whoever has it, and
    people use one PIN everywhere. A byte leaves 39 of them in question, or 3 906 of six digits, by
    any computer; it stops a colleague 255 times of 256. There is no random salt: the same PIN set
    again must not give away a second byte.
    """
    return hashlib.sha256(f"{site}\0{name}\0{pin}".encode()).hexdigest()[:2]
