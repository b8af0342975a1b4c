"""Make accounts. There is no default password: a one-time link sets the first one."""

import re
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from app.auth.caller import ROLE_NAMES, SITE_ROLES
from app.auth.errors import AccountNotValid, UsernameTaken
from app.auth.models import Account
from app.auth.setup_links import make_link
from app.db import Database, WriteSession, constraint

ACTS_FOR = {
    **dict.fromkeys(SITE_ROLES, ("site", "站点")),
    "township": ("township", "乡镇"),
    "carrier": ("organisation", "运输单位"),
}
"""What an account of a role must name besides its area, in English and Chinese."""
_USERNAME = re.compile(r"[a-z0-9\u4e00-\u9fff][a-z0-9\u4e00-\u9fff._-]{1,63}")


async def create_account(
    session: WriteSession,
    *,
    id: UUID,  # noqa: A002
    username: str,
    display_name: str,
    role: str,
    area: str,
    site: str | None = None,
    township: str | None = None,
    organisation: str | None = None,
    department: str | None = None,
    password_hash: str | None = None,
    now: datetime,
) -> None:
    """Add an account; without `password_hash` nobody can sign in to it yet.

    `area` is a province, reporting area or county code. Raises AccountNotValid where a field is
    missing that the role acts by, and UsernameTaken.
    """
    username = username.strip().lower()
    _check(
        username,
        display_name,
        role,
        {"site": site, "township": township, "organisation": organisation},
    )
    try:
        await session.execute(
            insert(Account).values(
                id=id,
                username=username,
                display_name=display_name,
                role=role,
                area=area,
                site=site,
                township=township,
                organisation=organisation,
                department=department,
                password_hash=password_hash,
                created_at=now,
            )
        )
    except IntegrityError as error:
        if constraint(error) == "uq_account_username":
            raise UsernameTaken(username=username) from None
        raise


def _check(username: str, display_name: str, role: str, places: dict[str, str | None]) -> None:
    if not _USERNAME.fullmatch(username):
        raise AccountNotValid(
            reason="账号名要 2 到 64 个字符，可用小写字母、数字、汉字和 . _ -，以字母、数字或汉字开头"
        )
    if not display_name.strip():
        raise AccountNotValid(reason="缺少姓名")
    if role not in ROLE_NAMES:
        raise AccountNotValid(reason=f"没有 {role} 这个角色，可用：{'、'.join(ROLE_NAMES)}")
    field, name = ACTS_FOR.get(role, (None, ""))
    if field and not places[field]:
        raise AccountNotValid(reason=f"{ROLE_NAMES[role]}要写明{name}")


async def create_with_link(
    database: Database,
    *,
    username: str,
    display_name: str,
    role: str,
    area: str,
    site: str | None = None,
    township: str | None = None,
    organisation: str | None = None,
    department: str | None = None,
    now: datetime,
    link_hours: int,
) -> str:
    """Add an account and return the path (`/setup/…`) where its owner sets the password, once."""
    account_id = uuid4()
    async with database.write() as session:
        await create_account(
            session,
            id=account_id,
            username=username,
            display_name=display_name,
            role=role,
            area=area,
            site=site,
            township=township,
            organisation=organisation,
            department=department,
            now=now,
        )
        secret = await make_link(session, account_id, now=now, hours=link_hours)
    return f"/setup/{secret}"
