"""Make accounts. There is no default password: a one-time link sets the first one."""

import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from app.auth.caller import ROLE_NAMES, SITE_ROLES
from app.auth.errors import AccountNotValid, UsernameTaken
from app.auth.models import Account
from app.auth.permissions import DEPARTMENT_NAMES
from app.auth.setup_links import make_link
from app.db import Database, WriteSession, constraint

ACTS_FOR = {
    **dict.fromkeys(SITE_ROLES, ("site", "站点")),
    "township": ("township", "乡镇"),
    "carrier": ("organisation", "运输单位"),
}
"""What an account of a role must name besides its area, in English and Chinese."""
_USERNAME = re.compile(r"[a-z0-9\u4e00-\u9fff][a-z0-9\u4e00-\u9fff._-]{1,63}")


@dataclass(frozen=True)
class NewAccount:
    """Who an account is for. `area` is a province, reporting area or county code."""

    username: str
    display_name: str
    role: str
    area: str
    site: str | None = None
    township: str | None = None
    organisation: str | None = None
    department: str | None = None


async def create_account(
    session: WriteSession,
    new: NewAccount,
    *,
    id: UUID,  # noqa: A002
    now: datetime,
    password_hash: str | None = None,
) -> None:
    """Add an account; without `password_hash` nobody can sign in to it yet.

    Raises AccountNotValid where a field is missing that the role acts by or a department is
    none of the thirteen, and UsernameTaken.
    """
    new = replace(new, username=new.username.strip().lower())
    _check(new)
    row = insert(Account).values(**asdict(new), id=id, password_hash=password_hash, created_at=now)
    try:
        await session.execute(row)
    except IntegrityError as error:
        if constraint(error) == "uq_account_username":
            raise UsernameTaken(username=new.username) from None
        raise


def _check(new: NewAccount) -> None:
    if not _USERNAME.fullmatch(new.username):
        raise AccountNotValid(
            reason="账号名要 2 到 64 个字符，可用小写字母、数字、汉字和 . _ -，以字母、数字或汉字开头"
        )
    if not new.display_name.strip():
        raise AccountNotValid(reason="缺少姓名")
    if new.role not in ROLE_NAMES:
        raise AccountNotValid(reason=f"没有 {new.role} 这个角色，可用：{'、'.join(ROLE_NAMES)}")
    field, name = ACTS_FOR.get(new.role, (None, ""))
    if field and not getattr(new, field):
        raise AccountNotValid(reason=f"{ROLE_NAMES[new.role]}要写明{name}")
    if new.department is not None and new.department not in DEPARTMENT_NAMES:
        known = "、".join(f"{slug}（{short}）" for slug, short in DEPARTMENT_NAMES.items())
        raise AccountNotValid(reason=f"没有 {new.department} 这个部门，可用：{known}")


async def create_with_link(
    database: Database, new: NewAccount, *, now: datetime, link_hours: int
) -> str:
    """Add an account and return the path (`/setup/…`) where its owner sets the password, once."""
    account_id = uuid4()
    async with database.write() as session:
        await create_account(session, new, id=account_id, now=now)
        secret = await make_link(session, account_id, now=now, hours=link_hours)
    return f"/setup/{secret}"
