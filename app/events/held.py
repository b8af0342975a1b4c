"""What stands at a site and a step may name: loose bags, and containers for all that is in them."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.batches.models import Batch, Label
from app.events.fields import MAX_BATCHES
from app.typed_numbers import in_kilograms

SEALED = ("collected", "received", "stored")
FITTING = {
    "store": ("collected", "received"),
    "depart": SEALED,
    "dispose": ("received", "stored"),
    "pack": SEALED,
    "repack": SEALED,
    "stock_count": ("open", *SEALED),
    "write_off": (*SEALED, "in_transit"),
}
"""Statuses from which a step is offered."""
LOOSE_ONLY = frozenset({"pack", "repack"})
"""Steps that take no bag out of its container."""
MOST_BAGS = MAX_BATCHES
"""A form lists the oldest; the codes of others are typed."""
MOST_CONTAINERS = 100


@dataclass(frozen=True)
class Bag:
    """A bag that a step may name; or a container, which stands for the `bags` in it."""

    code: str
    mass_g: int
    status: str
    note: str = ""
    bags: int | None = None
    """Of a container: how many are in it."""
    tare_g: int | None = None
    left: bool = False
    """It was refused or missed at an arrival, and has not arrived anywhere since."""

    @property
    def mass_kg(self) -> str:
        """What it weighs, as a person types it."""
        return in_kilograms(self.mass_g)

    @property
    def tare_kg(self) -> str:
        """What its label says that it weighs empty, as a person types it."""
        return in_kilograms(self.tare_g)


async def bags_at(session: AsyncSession, site: str, kind: str) -> list[Bag]:
    """Return what a step of `kind` may name at a site: containers, then bags longest unmoved."""
    query = (
        select(Batch.code, Batch.mass_g, Batch.status)
        .where(
            Batch.site == site,
            Batch.kind == "bag",
            Batch.status.in_(FITTING[kind]),
            Batch.container.is_(None),
        )
        .order_by(Batch.updated_at, Batch.code)
        .limit(MOST_BAGS)
    )
    loose = [Bag(*row) for row in await session.execute(query)]
    return loose if kind in LOOSE_ONLY else [*await full_containers(session, site, kind), *loose]


async def full_containers(session: AsyncSession, site: str, kind: str) -> list[Bag]:
    """Return the containers at a site with bags in them that a step of `kind` may name."""
    return await containers_of(session, Batch.site == site, Batch.status.in_(FITTING[kind]))


async def containers_of(session: AsyncSession, *which: ColumnElement[bool]) -> list[Bag]:
    """Return the containers that bags of some sort are in, those longest unmoved first."""
    query = (
        select(
            func.min(Batch.container),
            func.sum(Batch.mass_g),
            func.min(Batch.status),
            func.count(),
            func.min(Label.tare_g),
        )
        .join(Label, Label.code == Batch.container)
        .where(*which)
        .group_by(Batch.container)
        .order_by(func.min(Batch.updated_at), Batch.container)
        .limit(MOST_CONTAINERS)
    )
    return [
        Bag(code or "", int(mass_g), status, bags=bags, tare_g=tare_g)
        for code, mass_g, status, bags, tare_g in await session.execute(query)
    ]


async def members_of(session: AsyncSession, container: str, site: str) -> list[Bag]:
    """Return the bags in a container, those that are at a site or on their way from it."""
    query = (
        select(Batch.code, Batch.mass_g, Batch.status)
        .where(Batch.container == container, Batch.site == site)
        .order_by(Batch.code)
        .limit(MOST_BAGS)
    )
    return [Bag(*row) for row in await session.execute(query)]


async def container_of(session: AsyncSession, code: str, site: str) -> str | None:
    """Return the container that a bag at a site is in."""
    query = select(Batch.container).where(Batch.code == code, Batch.site == site)
    found: str | None = await session.scalar(query)
    return found


async def containers_to_fill(session: AsyncSession, site: str) -> list[Bag]:
    """Return a site's containers: those that are here, then its labels that nobody has used."""
    full = {one.code: one for one in await full_containers(session, site, "pack")}
    here = (
        select(Batch.code, Label.tare_g)
        .join(Label, Label.code == Batch.code)
        .where(Batch.site == site, Batch.kind == "container", Batch.status.in_(SEALED))
        .order_by(Batch.code)
        .limit(MOST_CONTAINERS)
    )
    used = exists().where(Batch.code == Label.code)
    unused = (
        select(Label.code, Label.tare_g)
        .where(Label.site == site, Label.kind == "container", Label.voided_at.is_(None), ~used)
        .order_by(Label.code)
        .limit(MOST_CONTAINERS)
    )
    empty = [*(await session.execute(here)).all(), *(await session.execute(unused)).all()]
    return [
        full.get(code) or Bag(code, 0, "unused", bags=0, tare_g=tare_g) for code, tare_g in empty
    ]
