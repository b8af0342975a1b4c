"""One search over the plan and the registers: characters and pairs of characters, no dictionary.

A text is found where it holds every word asked for, letter by letter. The index (`grams`) narrows
the rows to those that hold all pairs of characters of each word; `strpos` then makes sure.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.auth.permissions import allows
from app.orm import among
from app.pagination import decode_cursor
from app.plan.tables import PlanSearchText

MOST_WORDS = 8
LONGEST = 100
KINDS = {
    "paragraph": "文件原文",
    "department": "部门",
    "target": "目标",
    "measure": "任务",
    "industry": "行业",
    "technology": "技术",
    "instrument": "政策工具",
    "citation": "引用文件",
    "register": "名单",
    "entry": "名单条目",
}
"""What can be found, in the order in which it is shown."""


_CHANGED = ("title", "text", "url", "public", "folded", "grams")


Place = tuple[int, int, str]
"""Where a hit stands: 0 for words in the title, its kind's place in KINDS, its key."""


@dataclass(frozen=True)
class Found:
    """One hit; `around` is the text near the first word found, with no marks in it."""

    kind: str
    key: str
    title: str
    url: str
    around: str
    place: Place


def folded(given: str) -> str:
    """Return a text as it is compared: full width is half width, capitals are small."""
    return unicodedata.normalize("NFKC", given).casefold()


def grams(given: str) -> list[str]:
    """Return the characters and pairs of a text, folded: what it is found by."""
    return pairs_in(folded(given))


def pairs_in(text: str) -> list[str]:
    """Return the characters and the pairs of neighbouring characters, sorted, once each.

    Blanks part words: no pair leads across one.
    """
    found: set[str] = set()
    for word in text.split():
        found.update(word)
        found.update(a + b for a, b in pairwise(word))
    return sorted(found)


def words_of(query: str) -> list[str]:
    """Return the words of a query, folded, none twice, at most eight of a hundred characters."""
    printed = "".join(c if c.isprintable() else " " for c in query[:LONGEST])
    return list(dict.fromkeys(folded(printed).split()))[:MOST_WORDS]


async def put(
    session: AsyncSession, kind: str, key: str, *, title: str, text: str, url: str, public: bool
) -> None:
    """Make one thing findable, or bring what is found to its new words."""
    await put_all(
        session,
        [{"kind": kind, "key": key, "title": title, "text": text, "url": url, "public": public}],
    )


async def put_all(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Make many things findable in one statement; a row has the arguments of `put` by name."""
    if not rows:
        return
    fresh = insert(PlanSearchText)
    changed = {name: fresh.excluded[name] for name in _CHANGED}
    whole = []
    for row in rows:
        both = f"{row['title']} {row['text']}"
        whole.append({**row, "folded": folded(both), "grams": grams(both)})
    await session.execute(
        fresh.on_conflict_do_update(index_elements=["kind", "key"], set_=changed), whole
    )


async def take_out(session: AsyncSession, kind: str, keys: Iterable[str]) -> None:
    """Let things be found no longer."""
    await session.execute(
        delete(PlanSearchText).where(PlanSearchText.kind == kind, among(PlanSearchText.key, keys))
    )


async def search(
    session: AsyncSession,
    query: str,
    *,
    public: bool,
    limit: int,
    kind: str | None = None,
    after: Place | None = None,
) -> list[Found]:
    """Return what holds every word of the query: hits in titles first, then in KINDS' order.

    `public` keeps to what anyone may read. An empty query finds nothing.
    """
    words = words_of(query)
    if not words:
        return []
    title = func.lower(func.normalize(PlanSearchText.title, literal_column("NFKC")))
    missed = case((and_(*(func.strpos(title, word) > 0 for word in words)), 0), else_=1)
    order = case({kind: i for i, kind in enumerate(KINDS)}, value=PlanSearchText.kind)
    place = (missed, order, PlanSearchText.key)
    asked = select(PlanSearchText, missed, order).where(_holds(words))
    if public:
        asked = asked.where(PlanSearchText.public)
    if kind is not None:
        asked = asked.where(PlanSearchText.kind == kind)
    if after is not None:
        asked = asked.where(tuple_(*place) > tuple_(*(literal(part) for part in after)))
    found = await session.execute(asked.order_by(*place).limit(limit))
    return [
        Found(
            row.kind, row.key, row.title, row.url, around(row.text, words), (rank, kinds, row.key)
        )
        for row, rank, kinds in found
    ]


def reads_all(caller: Caller | None) -> bool:
    """Tell whether the caller finds entries of lists that are not published, too."""
    return caller is not None and allows(caller, "registers.read")


def after_hit(cursor: str | None) -> Place | None:
    """Return the place after which a page of hits begins, if any; InvalidQuery."""
    if cursor is None:
        return None
    rank, kind, key = decode_cursor(cursor, int, int, str)
    return rank, kind, key


def _holds(words: Sequence[str]) -> ColumnElement[bool]:
    asked = sorted({gram for word in words for gram in pairs_in(word)})
    held: ColumnElement[bool] = PlanSearchText.grams.op("@>")(
        literal(asked, PlanSearchText.grams.type)
    )
    return and_(held, *(func.strpos(PlanSearchText.folded, word) > 0 for word in words))


def around(given: str, words: Sequence[str], room: int = 80) -> str:
    """Return the part of a text near the first word that is found in it."""
    low = folded(given)
    places = [low.find(word) for word in words if word in low]
    if not places or len(low) != len(given):
        return given[:room] + ("…" if len(given) > room else "")
    begin = max(0, min(places) - room // 4)
    end = min(len(given), begin + room)
    return ("…" if begin else "") + given[begin:end] + ("…" if end < len(given) else "")
