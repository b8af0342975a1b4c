"""The words of a 物料平衡表: what each account is called, and what it is, for people."""

from dataclasses import dataclass

ACCOUNTS = {
    "field": "回收",
    "transit": "转运",
    "site": "转运（交接记录不全）",
    "treated/resource_use": "资源化利用",
    "treated/incinerate": "焚烧处置",
    "treated/landfill": "填埋处置",
    "treated/hazardous": "危险废物处置",
    "opening": "期初盘点入账",
    "difference": "称重差异",
    "removed/foreign": "剔除杂物",
    "removed/moisture": "剔除水分",
    "removed/leak": "剔除渗漏",
    "written_off": "核销",
    "unexplained": "来源待补",
}
"""Counter accounts; of another county's or site's the class alone."""
KINDS = {
    "hand_in": "交回", "collect": "封袋", "store": "入库", "repack": "分拣换袋",
    "stock_count": "盘点", "write_off": "核销", "depart": "发运", "arrive": "签收",
    "dispose": "处理", "correct": "更正",
}  # fmt: skip
"""Kinds of event that book mass."""


@dataclass(frozen=True)
class Explained:
    """A class of accounts that needs a word, and the word."""

    name: str
    words: str


EXPLAINED = {
    "difference": Explained(
        "损失（称重差异）",
        "同一批袋子前后两次称重之差。短少列在支出，多出列在收入，每一克都记在发现差异的那次称重上。",
    ),
    "removed": Explained(
        "剔除", "分拣时剔出的杂物、水分和渗漏。已经不是包装废弃物，不算丢失，也不算处理。"
    ),
    "written_off": Explained("核销", "查无下落或毁损，由县级按个案批准核销的。核销以后不再追回。"),
    "unexplained": Explained(
        "来源待补", "袋子到了，但缺它的封袋或交回记录，暂时不知从何而来。对方手机补传以后自动冲回。"
    ),
    "opening": Explained(
        "期初盘点入账", "启用平台以前就在库里的存量，盘点时入账。不是本期回收的。"
    ),
}
"""By class, in the order in which they are told."""


def class_of(account: str) -> str:
    """Return the class of an account: what stands before its slash."""
    return account.partition("/")[0]


def name_of(account: str) -> str:
    """Return what an account is called."""
    kind = class_of(account)
    return ACCOUNTS.get(account) or ACCOUNTS.get(kind) or account
