"""Make the plan itself findable: one row in the search for each thing that it says or names."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.plan.linked import places_of
from app.plan.read import Plan, plan_on
from app.plan.search import put_all
from app.plan.tables import PlanSearchText

LOCK = text("SELECT pg_advisory_xact_lock(hashtext('plan.index'))")
"""Two who index at once would wait for each other's rows crosswise."""
ENTRY = "entry"
"""What registers make findable themselves."""


async def index_plan(session: AsyncSession) -> None:
    """Bring the search to the words that are in force today; called when they change, and daily."""
    await session.execute(LOCK)
    await session.execute(delete(PlanSearchText).where(PlanSearchText.kind != ENTRY))
    await put_all(session, list(_texts(await plan_on(session, today()))))


def _texts(plan: Plan) -> Iterator[dict[str, Any]]:
    places = places_of(plan)
    for p in plan.paragraphs:
        yield _text(
            "paragraph", p.address, places[p.address], p.text,
            f"/plan#{p.address}",
        )  # fmt: skip
    for d in plan.departments:
        names = [n.printed for n in plan.department_names if n.department == d.slug]
        yield _text(
            "department", d.slug, d.short_name, " ".join(names), f"/plan/departments/{d.slug}"
        )
    for t in plan.targets:
        yield _text("target", t.code, t.indicator, t.quote, f"/plan/targets/{t.code}")
    for m in plan.measures:
        yield _text("measure", m.code, m.action, m.quote, f"/plan/measures#{m.code}")
    for i in plan.industries:
        listed = {(one.list, one.position): one.printed for one in plan.listed_industries}
        printed = [
            listed[one.list, one.position]
            for one in plan.industry_mappings
            if one.industry == i.code
        ]
        words = " ".join([*dict.fromkeys(printed), *i.gbt4754])
        yield _text("industry", i.code, i.name, words, f"/plan/industries#{i.code}")
    for x in plan.technologies:
        yield _text("technology", x.code, x.name, x.quote, f"/plan/technologies#{x.code}")
    for n in plan.instruments:
        yield _text("instrument", n.slug, n.name, n.quote, f"/plan/instruments#{n.slug}")
    for c in plan.citations:
        yield _text("citation", c.code, c.title, c.number or "", f"/plan/citations#{c.code}")
    for r in plan.registers:
        yield _text("register", r.slug, r.name, f"{r.about} {r.quote}", f"/plan/registers/{r.slug}")


def _text(kind: str, key: str, title: str, text: str, url: str) -> dict[str, Any]:
    return {"kind": kind, "key": key, "title": title, "text": text, "url": url, "public": True}
