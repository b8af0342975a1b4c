"""Who is calling: the account behind a session or a token, as the rest of the code sees it."""

from dataclasses import dataclass
from uuid import UUID

SITE_ROLES = frozenset({"collector", "keeper", "plant"})
OFFICIALS = frozenset({"township", "county", "city", "province"})
ROLE_NAMES = {
    "collector": "回收员",
    "keeper": "保管员",
    "carrier": "驾驶员",
    "plant": "处理单位人员",
    "township": "乡镇人员",
    "county": "县级人员",
    "city": "市级人员",
    "province": "省级人员",
    "auditor": "审计人员",
    "admin": "系统管理员",
}


@dataclass(frozen=True)
class Caller:
    """The account that is acting. `area` is a province, reporting area or county code."""

    id: UUID
    username: str
    display_name: str
    role: str
    area: str
    site: str | None = None
    township: str | None = None
    organisation: str | None = None
    department: str | None = None
    token: UUID | None = None
    """The token that speaks for the account; None where a person signed in."""
