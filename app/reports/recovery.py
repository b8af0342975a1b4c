"""The recovery report (回收率报表): one row a province, reporting area or county, in reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import PROVINCE
from app.areas.read import CountyThen, list_areas, list_counties
from app.areas.scope import reach_of
from app.auth.caller import Caller
from app.auth.permissions import require
from app.balance.flows import FLOWS
from app.errors import NotFound
from app.events.happening import day_of
from app.ledger.follow import cursor_of
from app.reports.formulae import (
    METHOD,
    Rate,
    Target,
    recovery_rate,
    resource_use_rate,
    target_rate,
    treatment_rate,
)
from app.reports.masses import Basis, Masses, generated_of, masses_of
from app.reports.periods import Period
from app.reports.targets import recovery_targets
from app.supply.follow import SUPPLY

By = Literal["province", "area", "county"]
Row = dict[str, Any]
"""A row as contract.md fixes it; `why` says for each null field why it is null."""
EVERY_DIVISION = 1_000
_NONE = Masses()


@dataclass(frozen=True)
class Report:
    """Rows by code and their total; `boundaries_on` is the day whose areas and pilots count.

    `pilot` tells that only pilot counties count, or only the others; None for all.
    """

    as_of: datetime
    log_size: int
    period: Period
    by: By
    basis: Basis
    pilot: bool | None
    boundaries_on: date
    rows: Sequence[Row]
    total: Row

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "as_of": self.as_of.isoformat(),
            "log": {"size": self.log_size},
            "method": METHOD,
            "period": self.period.text,
            "by": self.by,
            "basis": self.basis,
            "pilot": self.pilot,
            "boundaries_on": self.boundaries_on.isoformat(),
            "rows": list(self.rows),
        }


@dataclass(frozen=True)
class _Group:
    """The counties that one row is about."""

    code: str | None
    name: str
    counties: Sequence[CountyThen]


@dataclass(frozen=True)
class _Figures:
    """What is known of each county in the period; counties without any are absent.

    `targets` are the plan's, by year.
    """

    period: Period
    masses: dict[str, Masses]
    generated: dict[str, int]
    targets: Mapping[int, Target]


async def recovery(
    session: AsyncSession,
    caller: Caller,
    period: Period,
    *,
    now: datetime,
    by: By | None = None,
    basis: Basis = "origin",
    pilot: bool | None = None,
) -> Report:
    """Return the report on what the caller reaches; `by` None is the widest level of theirs.

    Areas and pilots are those of the period's last day, or of today where that is still to
    come. A row is shown where all its counties are in reach; NotFound where no row is.
    """
    require(caller, "reports.read")
    by = by or widest_level(caller)
    reach = await reach_of(session, caller)
    on = min(period.last, day_of(now))
    names = {area.code: area.name for area in await list_areas(session, limit=EVERY_DIVISION)}
    reporting = [
        county
        for county in await list_counties(session, on, limit=EVERY_DIVISION)
        if county.area is not None
    ]
    groups = [
        group
        for group in _grouped(by, reporting, names)
        if all(reach.holds_county(county.county.code) for county in group.counties)
    ]
    if not groups:
        raise NotFound(what=f"by={by}")
    if pilot is not None:
        groups = _of_pilots(groups, pilot=pilot)
    counties = [county for group in groups for county in group.counties]
    codes = [county.county.code for county in counties]
    figures = _Figures(
        period,
        await masses_of(session, codes, period, basis),
        await generated_of(session, codes, period),
        await recovery_targets(session, day_of(now)),
    )
    return Report(
        as_of=now,
        log_size=await reported_size(session),
        period=period,
        by=by,
        basis=basis,
        pilot=pilot,
        boundaries_on=on,
        rows=[_row(group, figures) for group in groups],
        total=_row(_Group(None, "合计", counties), figures),
    )


async def reported_size(session: AsyncSession) -> int:
    """Return the size of the log that every figure of the report stands for."""
    return min(await cursor_of(session, FLOWS.name), await cursor_of(session, SUPPLY.name))


def widest_level(caller: Caller) -> By:
    """Return the level of the report that a caller sees where none is asked for."""
    if caller.role == "city":
        return "area"
    return "county" if caller.role in ("county", "township") else "province"


def _grouped(by: By, counties: Sequence[CountyThen], names: dict[str, str]) -> list[_Group]:
    if by == "county":
        return [_Group(c.county.code, c.county.name, [c]) for c in counties]
    if by == "province":
        return [_Group(PROVINCE, names.get(PROVINCE, ""), counties)] if counties else []
    areas: dict[str, list[CountyThen]] = {}
    for county in counties:
        areas.setdefault(county.area or "", []).append(county)
    return [_Group(code, names[code], areas[code]) for code in sorted(areas)]


def _of_pilots(groups: Sequence[_Group], *, pilot: bool) -> list[_Group]:
    kept = [
        _Group(group.code, group.name, [c for c in group.counties if c.pilot is pilot])
        for group in groups
    ]
    return [group for group in kept if group.counties]


def _row(group: _Group, figures: _Figures) -> Row:
    """Make one row. Rates sum only the counties that have a denominator; masses sum all."""
    codes = [county.county.code for county in group.counties]
    masses = Masses.total(figures.masses.get(code, _NONE) for code in codes)
    declared = [figures.generated[code] for code in codes if code in figures.generated]
    generated_g = sum(declared) if declared else None
    covered = [code for code in codes if figures.generated.get(code, 0) > 0]
    collected = {code: masses.collected_g for code, masses in figures.masses.items()}
    rates = {
        "recovery_rate": rate_over(codes, collected, figures.generated),
        "target_rate": target_rate(figures.period.year, figures.targets),
        **_rates_of_treatment(masses),
    }
    why = {name: rate.why for name, rate in rates.items() if rate.why}
    if generated_g is None:
        why["generated_g"] = "本期没有申报产生量"
    pilots = {county.pilot for county in group.counties}
    return {
        "area": group.code,
        "name": group.name,
        "pilot": pilots.pop() if len(pilots) == 1 else None,
        "period": figures.period.text,
        "generated_g": generated_g,
        "collected_g": masses.collected_g,
        "confirmed_g": masses.confirmed_g,
        **{name: rate.value for name, rate in rates.items()},
        "opening_g": masses.opening_g,
        "held_g": masses.held_g,
        "in_transit_g": masses.in_transit_g,
        "treated_g": masses.treated_g,
        "loss_g": masses.loss_g,
        "prior_adjustment_g": 0,
        "covered": len(covered),
        "counties": len(codes),
        "why": why,
    }


def rate_over(
    counties: Sequence[str], collected_g: Mapping[str, int], generated_g: Mapping[str, int]
) -> Rate:
    """Return 回收率 of counties together, from grams by county.

    Only counties that have a denominator count, on both sides; where none has one, `generated_g`
    tells what is missing.
    """
    covered = [county for county in counties if generated_g.get(county, 0) > 0]
    if covered:
        return recovery_rate(
            sum(collected_g.get(county, 0) for county in covered),
            sum(generated_g[county] for county in covered),
        )
    declared = [generated_g[county] for county in counties if county in generated_g]
    return recovery_rate(0, min(sum(declared), 0) if declared else None)


def _rates_of_treatment(masses: Masses) -> dict[str, Rate]:
    """Return the rates that compare treated mass with recovered mass.

    By place they mean nothing where mass came from or went to other counties in between.
    """
    if not masses.balanced:
        moved = Rate(None, "按所在地统计，本期与其他县有调入调出；这个率请按回收地查看")
        return {"resource_use_rate": moved, "treatment_rate": moved}
    return {
        "resource_use_rate": resource_use_rate(masses.reused_g, masses.collected_g),
        "treatment_rate": treatment_rate(
            masses.treated_g,
            masses.opening_g + masses.stock_g,
            masses.collected_g,
            masses.closing_g,
        ),
    }
