"""A 物料平衡表 as people read it: its lines in words, what needs a word apart, and whether it balances."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.names import county_names
from app.balance.by_site import held_by_sites
from app.balance.entries import Days
from app.balance.held import mass_at_end
from app.balance.read import Balance, held_in_transit
from app.balance.subject import OfCounties
from app.balance.words import EXPLAINED, class_of, name_of
from app.parties.names import site_names
from app.reports.balance_of import Asked

FOREIGN = ("site", "transit")


@dataclass(frozen=True)
class SheetLine:
    """One figure of the sheet, with the page that tells what it is made of."""

    name: str
    mass_g: int
    href: str


@dataclass(frozen=True)
class Apart:
    """A class of accounts that needs a word: what it brought and took, and what it is."""

    name: str
    words: str
    into: tuple[SheetLine, ...]
    out: tuple[SheetLine, ...]

    @property
    def net_g(self) -> int:
        """Grams lost on balance; negative where more came than went."""
        return sum(line.mass_g for line in self.out) - sum(line.mass_g for line in self.into)


@dataclass(frozen=True)
class Sheet:
    """`counted_g` is the closing added up another way: bag by bag, of counties site by site."""

    opening: SheetLine
    into: tuple[SheetLine, ...]
    out: tuple[SheetLine, ...]
    apart: tuple[Apart, ...]
    closing: SheetLine
    counted_g: int
    log_size: int

    @property
    def in_g(self) -> int:
        """All that came in."""
        return sum(line.mass_g for line in self._all("into"))

    @property
    def out_g(self) -> int:
        """All that went out."""
        return sum(line.mass_g for line in self._all("out"))

    @property
    def missing_g(self) -> int:
        """Grams by which the sheet does not balance: of its own figures, or against the bags."""
        own = self.opening.mass_g + self.in_g - self.out_g - self.closing.mass_g
        return own or self.closing.mass_g - self.counted_g

    def _all(self, side: str) -> Iterable[SheetLine]:
        yield from getattr(self, side)
        for one in self.apart:
            yield from getattr(one, side)


async def sheet_of(session: AsyncSession, asked: Asked, days: Days, balance: Balance) -> Sheet:
    """Return a balance in words."""
    names = await _names(session, [*balance.into, *balance.out])

    def line(side: str, account: str, grams: int) -> SheetLine:
        return SheetLine(
            _name(asked, side, account, names), grams, address(asked, days, side, account)
        )

    into = {account: line("in", account, grams) for account, grams in balance.into.items()}
    out = {account: line("out", account, grams) for account, grams in balance.out.items()}
    return Sheet(
        SheetLine("期初结存", balance.opening_g, address(asked, days, "opening")),
        _usual(into),
        _usual(out),
        tuple(
            Apart(said.name, said.words, _of_class(into, kind), _of_class(out, kind))
            for kind, said in EXPLAINED.items()
        ),
        SheetLine("期末结存", balance.closing_g, address(asked, days, "closing")),
        await _counted(session, asked, days, balance.log_size),
        balance.log_size,
    )


def address(asked: Asked, days: Days, side: str, account: str = "") -> str:
    """Return the page of what a figure is made of."""
    named = {"account": account} if account else {}
    between = {"from": days.first.isoformat(), "to": days.last.isoformat()}
    return f"/balance/entries?{urlencode({asked.by: asked.code, **between, 'side': side, **named})}"


async def line_name(session: AsyncSession, asked: Asked, side: str, account: str) -> str:
    """Return what a figure of the sheet is called."""
    if not account:
        return "期初结存" if side == "opening" else "期末结存"
    return _name(asked, side, account, await _names(session, [account]))


async def _counted(session: AsyncSession, asked: Asked, days: Days, size: int) -> int:
    if isinstance(asked.subject, OfCounties):
        counties = sorted(asked.subject.counties)
        at_sites = await held_by_sites(session, counties, days.last)
        return at_sites + await held_in_transit(session, asked.subject.counties, days.last)
    return await mass_at_end(session, asked.subject, days.last, size)


async def _names(session: AsyncSession, accounts: Iterable[str]) -> dict[str, str]:
    codes = {one.partition("/")[2] for one in accounts if class_of(one) in FOREIGN}
    return {**await county_names(session, codes), **await site_names(session, codes)}


def _name(asked: Asked, side: str, account: str, names: Mapping[str, str]) -> str:
    kind, _, code = account.partition("/")
    comes = side == "in"
    if kind in FOREIGN:
        return _way(asked.by, kind, names.get(code, code), comes=comes)
    more = {
        "field": ("（封袋称重调减）", ""),
        "difference": ("（短少）", "（多出）"),
        "unexplained": ("（冲回）", ""),
    }
    return name_of(account) + more.get(kind, ("", ""))[comes]


def _way(by: str, kind: str, where: str, *, comes: bool) -> str:
    """Return what a move between sites, trips and counties is called."""
    words = {
        ("trip", "site"): (f"卸于 {where}", f"装自 {where}"),
        ("area", "site"): (f"运往 {where}", f"来自 {where}（交接记录不全）"),
        ("area", "transit"): (f"运往 {where}", f"来自 {where} 的车"),
        ("site", "site"): (f"去往 {where}（交接记录不全）", f"来自 {where}（交接记录不全）"),
        ("site", "transit"): ("转运发出", "转运收入"),
    }
    return words[by, kind][comes]


def _usual(lines: Mapping[str, SheetLine]) -> tuple[SheetLine, ...]:
    return tuple(line for account, line in lines.items() if class_of(account) not in EXPLAINED)


def _of_class(lines: Mapping[str, SheetLine], kind: str) -> tuple[SheetLine, ...]:
    return tuple(line for account, line in lines.items() if class_of(account) == kind)
