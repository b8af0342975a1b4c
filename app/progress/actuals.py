"""Enter what a target came to in a year: dated, sourced, by a responsible department, never lost.

A correction is the next number of the year; the primary key lets one of two writers through.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.auth.permissions import allows, require
from app.db import Database, WriteSession
from app.errors import InvalidBody, NotFound
from app.events.declare import replayed
from app.events.happening import day_of
from app.plan.linked import API
from app.plan.linked_duties import target_section
from app.plan.models import PlanResponsibility
from app.plan.read import Plan, plan_on
from app.plan.tables import PlanTarget
from app.progress.errors import ActualChanged, TargetIsLive, TargetNotYours
from app.progress.models import PlanActual
from app.progress.schemas import ActualBody
from app.registers.fields import Field, folded, parse, parse_text
from app.web import Unfit

RIGHT = "progress.enter"
FIRST_YEAR = 2000
LONGEST_SOURCE = 500
WHOLE = 100
"""Percentages that are entered are shares of a whole."""


@dataclass(frozen=True)
class Entered:
    """An entry, and whether it stood already when it was sent."""

    entry: PlanActual
    duplicate: bool


def responsible_for(plan: Plan, target: PlanTarget) -> list[PlanResponsibility]:
    """Return who answers for a target, in printed order; nobody where nobody is printed."""
    return plan.responsible(target_section(plan, target))


def may_enter(caller: Caller | None, plan: Plan, target: PlanTarget) -> bool:
    """Tell whether the caller enters the values of a target."""
    return (
        caller is not None
        and allows(caller, RIGHT)
        and target.source == "entries"
        and any(one.department == caller.department for one in responsible_for(plan, target))
    )


async def enter_actual(
    database: Database, caller: Caller, code: str, body: ActualBody, *, now: datetime
) -> Entered:
    """Record a year's value of a target; committed.

    Raises Forbidden, NotFound for an unknown target, TargetNotYours, TargetIsLive, InvalidBody
    with every place that does not fit, ActualChanged where `number` is not the latest.
    """
    require(caller, RIGHT)

    async def work(session: WriteSession) -> Entered:
        plan = await plan_on(session, day_of(now))
        target = next((one for one in plan.targets if one.code == code), None)
        if target is None:
            raise NotFound(what=code)
        department = _department(caller, plan, target)
        _check_entered(plan, target)
        latest = await _latest(session, code, body.year)
        entry = PlanActual(
            target=code,
            year=body.year,
            number=(latest.number if latest else 0) + 1,
            department=department,
            actor=caller.id,
            recorded_at=now,
            **_fitting(target, body, latest, now),
        )
        if latest and _same(latest, entry) and (body.number or 0) == latest.number - 1:
            return Entered(latest, duplicate=True)
        if (body.number or 0) != entry.number - 1:
            raise ActualChanged(year=body.year, standing=entry.number - 1, pointer="/number")
        session.add(entry)
        await session.flush()
        return Entered(entry, duplicate=False)

    return await replayed(database, work)


def _department(caller: Caller, plan: Plan, target: PlanTarget) -> str:
    listed = responsible_for(plan, target)
    if caller.department is None or caller.department not in {one.department for one in listed}:
        raise TargetNotYours(
            target=target.code,
            responsible="、".join(one.printed for one in listed) or "方案没有印出的部门",
            responsible_en=", ".join(one.department for one in listed) or "nobody in print",
            departments=[one.department for one in listed],
        )
    return caller.department


def _check_entered(plan: Plan, target: PlanTarget) -> None:
    if target.source == "recovery":
        raise TargetIsLive(
            target=target.indicator,
            origin="平台的回收率报表",
            origin_en="the recovery report",
            href="/api/v1/reports/recovery",
        )
    if target.source == "register":
        register = next(one for one in plan.registers if one.slug == target.register)
        raise TargetIsLive(
            target=target.indicator,
            origin=f"名单“{register.name}”",
            origin_en=f"the register {register.slug}",
            href=f"{API}/registers/{register.slug}",
        )


async def _latest(session: AsyncSession, target: str, year: int) -> PlanActual | None:
    asked = (
        select(PlanActual)
        .where(PlanActual.target == target, PlanActual.year == year)
        .order_by(PlanActual.number.desc())
        .limit(1)
    )
    return (await session.scalars(asked)).first()


CONTENT = ("value", "unit", "source", "url", "note", "actor")


def _same(standing: PlanActual, entry: PlanActual) -> bool:
    """Tell whether an entry says what the latest one says: a form that was sent twice."""
    return all(getattr(standing, name) == getattr(entry, name) for name in CONTENT)


class _Places:
    """What a body holds, place by place, and all that does not fit."""

    def __init__(self) -> None:
        self.errors: list[dict[str, str]] = []

    def wrong(self, pointer: str, chinese: str, english: str) -> None:
        self.errors.append({"pointer": pointer, "detail": chinese, "detail_en": english})

    def read(self, pointer: str, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except Unfit as unfit:
            self.wrong(pointer, str(unfit), unfit.english)
            return None

    def field(self, name: str, field: Field, given: Any) -> Any:
        return self.read(f"/{name}", lambda: parse(field, given, lambda _: []))


def _fitting(
    target: PlanTarget, body: ActualBody, latest: PlanActual | None, now: datetime
) -> dict[str, Any]:
    """Return the columns that a body fills; InvalidBody with every place that does not fit."""
    places = _Places()
    this_year = day_of(now).year
    if not FIRST_YEAR <= body.year <= this_year:
        places.wrong(
            "/year",
            f"年份应在 {FIRST_YEAR} 至 {this_year} 之间",
            f"must be from {FIRST_YEAR} to {this_year}",
        )
    withdraws = (
        target.meaning is not None and body.value is None and "value" in body.model_fields_set
    )
    value = None
    if withdraws:
        _check_withdrawal(body, latest, places)
    elif target.meaning is None:
        _check_statement(body, places)
    else:
        value = _value(target, body, places)
    _check_unit(target, body, places, needed=not withdraws)
    if not withdraws and not (body.source or "").strip():
        places.wrong(
            "/source",
            "请写明出处，如某年统计公报、某号文件",
            "say where the value stands: a bulletin, a document's number",
        )
    told = {
        "source": places.read("/source", lambda: parse_text(body.source, LONGEST_SOURCE)),
        "url": places.field("url", Field("url", "网址", "url"), body.url),
        "note": places.read("/note", lambda: parse_text(body.note)),
    }
    if places.errors:
        raise InvalidBody.of(places.errors)
    return {"value": value, "unit": target.unit, **told}


def _check_withdrawal(body: ActualBody, latest: PlanActual | None, places: _Places) -> None:
    if latest is None or latest.value is None:
        places.wrong("/value", "这一年没有数据可以撤回", "there is no value to withdraw")
    if not (body.note or "").strip():
        places.wrong("/note", "撤回数据请说明原因", "say why the value is withdrawn")


def _check_statement(body: ActualBody, places: _Places) -> None:
    """Check what is entered for a target without a number: words, no value."""
    if body.value not in (None, ""):
        places.wrong(
            "/value",
            "这项目标没有量化，不填数值，进展写在说明里",
            "the target has no number: say in `note` how far it is",
        )
    if not (body.note or "").strip():
        places.wrong("/note", "请写明进展", "say how far it is")


def _value(target: PlanTarget, body: ActualBody, places: _Places) -> Decimal | None:
    """Read one number in the target's unit; None where it is none, which is then told."""
    before = len(places.errors)
    field = Field("value", target.indicator, "quantity", unit=target.unit)
    given = places.field("value", field, body.value)
    if given is None:
        if len(places.errors) == before:
            places.wrong("/value", "请填数值", "is missing")
        return None
    if target.unit == "%" and given > WHOLE:
        places.wrong("/value", "占比不会超过 100%", "a share of a whole is at most 100 %")
    return Decimal(repr(given))


def _check_unit(target: PlanTarget, body: ActualBody, places: _Places, *, needed: bool) -> None:
    """Check that the unit is the target's; a value in words may carry it instead."""
    unit = target.unit
    if unit is None:
        if body.unit:
            places.wrong("/unit", "这项目标没有量化，不填单位", "the target has no unit")
    elif body.unit:
        if folded(body.unit) != folded(unit):
            places.wrong("/unit", f"单位应为{unit}，请按{unit}填写", f"the unit must be {unit}")
    elif needed and not folded(str(body.value)).endswith(folded(unit)):
        places.wrong("/unit", f"请写明单位：{unit}", f"give the unit: {unit}")
