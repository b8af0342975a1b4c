"""Load the plan from the files in `data/`: at every start, so that a corrected file takes effect.

Rows are inserted, brought up to date by their keys, and removed where a file no longer has them.
What amendments have added or superseded by date stays: `DATED` tables only gain rows, and
`valid_to` is theirs.
"""

import csv
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Date,
    Integer,
    Numeric,
    Table,
    delete,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from app.db import Database
from app.orm import Base
from app.plan import models, tables
from app.plan.index import index_plan

DATA = Path(__file__).parent / "data"
LOCK = text("SELECT pg_advisory_xact_lock(hashtext('plan.load'))")
Row = dict[str, Any]
KEPT = frozenset({"valid_to"})

FILES: tuple[tuple[type[Base], str], ...] = (
    (models.PlanDocument, "documents"),
    (models.PlanSection, "sections"),
    (models.PlanBox, "boxes"),
    (models.PlanParagraph, "paragraphs"),
    (models.PlanWording, "wordings"),
    (models.PlanProject, "projects"),
    (models.PlanAnnotation, "annotations"),
    (models.PlanDepartment, "departments"),
    (models.PlanDepartmentName, "department_names"),
    (models.PlanIssuer, "issuers"),
    (models.PlanAddressee, "addressees"),
    (models.PlanResponsibilityList, "responsibility_lists"),
    (models.PlanResponsibility, "responsibilities"),
    (tables.PlanMeasure, "measures"),
    (tables.PlanIndustry, "industries"),
    (tables.PlanIndustryList, "industry_lists"),
    (tables.PlanListedIndustry, "listed_industries"),
    (tables.PlanIndustryMapping, "industry_mappings"),
    (tables.PlanTechnology, "technologies"),
    (tables.PlanArea, "areas"),
    (tables.PlanCitation, "citations"),
    (tables.PlanCited, "cited"),
    (tables.PlanInstrument, "instruments"),
    (tables.PlanRegister, "registers"),
    (tables.PlanRegisterField, "register_fields"),
    (tables.PlanTarget, "targets"),
)
"""Tables in the order of their foreign keys, and where their rows come from."""


DATED = frozenset({models.PlanDocument, models.PlanWording, tables.PlanTarget})


async def load_plan(database: Database) -> None:
    """Bring the plan's tables to what the files say; safe to run again, and by two at once."""
    async with database.write() as session:
        await session.execute(LOCK)
        await load_rows(session, frozenset(model for model, _ in FILES))
        for model, name in reversed(FILES):
            if model not in DATED:
                await _remove(session, model, list(rows_of(name)))
        await index_plan(session)


async def load_rows(session: AsyncSession, models: frozenset[type[Base]]) -> None:
    """Insert the rows of some tables, or bring them up to date by their keys."""
    for model, name in FILES:
        if model in models:
            await _load(session, model, list(rows_of(name)))


async def _load(session: AsyncSession, model: type[Base], rows: list[Row]) -> None:
    table = model.__table__
    assert isinstance(table, Table)
    columns = [column for column in table.columns if column.name in rows[0]]
    values = [
        {column.name: _value(column, row.get(column.name)) for column in columns} for row in rows
    ]
    fresh = insert(table)
    changed = {
        column.name: fresh.excluded[column.name]
        for column in columns
        if not column.primary_key and column.name not in KEPT
    }
    await session.execute(
        fresh.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)
        if changed
        else fresh.on_conflict_do_nothing(),
        values,
    )


async def _remove(session: AsyncSession, model: type[Base], rows: list[Row]) -> None:
    """Remove rows whose keys the file does not have; one that entries rest on is refused."""
    table = model.__table__
    assert isinstance(table, Table)
    key = list(table.primary_key)
    named = {tuple(_value(column, row[column.name]) for column in key) for row in rows}
    standing = await session.execute(select(*key))
    gone = [tuple(found) for found in standing if tuple(found) not in named]
    if gone:
        await session.execute(delete(table).where(tuple_(*key).in_(gone)))


def rows_of(name: str) -> Iterator[Row]:
    """Return the rows of one file as text, in its order; positions are counted where left out."""
    made = _MADE.get(name, _plain)
    for position, row in enumerate(made(name), 1):
        yield {"position": str(position), **row}


def _plain(name: str) -> Iterator[Row]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _paragraphs(name: str) -> Iterator[Row]:
    """Return the paragraphs; those of a box belong to the item under which it is printed."""
    items = {row["code"]: row["item"] for row in _plain("boxes")}
    for row in _plain(name):
        box = row["section"] if row["section"] in items else ""
        yield {**row, "section": items.get(box, row["section"]), "box": box}


def _wordings(_: str) -> Iterator[Row]:
    for row in _plain("paragraphs"):
        yield {**_of_the_plan(), "address": row["address"], "text": row["text"]}


def _targets(name: str) -> Iterator[Row]:
    for row in _plain(name):
        yield {**_of_the_plan(), **row}


def _of_the_plan() -> Row:
    plan = next(_plain("documents"))
    return {"document": plan["number"], "valid_from": plan["effective_on"]}


def registers() -> dict[str, Row]:
    """Return the registers as `data/registers.toml` describes them, by slug."""
    return tomllib.loads((DATA / "registers.toml").read_text(encoding="utf-8"))


_OPTIONAL = ("box", "live", "industry_list", "low_per_industry")


def _registers(_: str) -> Iterator[Row]:
    for slug, register in registers().items():
        plain = {key: value for key, value in register.items() if key != "fields"}
        yield {"slug": slug, **dict.fromkeys(_OPTIONAL), **plain}


def _register_fields(_: str) -> Iterator[Row]:
    for slug, register in registers().items():
        for position, field in enumerate(register.get("fields", []), 1):
            optional = {"unit": None, "choices": None, "refers": None, "personal": False}
            yield {"register": slug, "position": position, **optional, "required": False, **field}


_MADE = {
    "paragraphs": _paragraphs,
    "wordings": _wordings,
    "targets": _targets,
    "registers": _registers,
    "register_fields": _register_fields,
}


def _value(column: Column[Any], cell: Any) -> Any:
    """Return a cell as its column holds it; an empty cell is NULL, or an empty list."""
    kind = column.type
    if isinstance(kind, ARRAY):
        given = cell.split("|") if isinstance(cell, str) and cell else cell
        return given or (None if column.nullable else [])
    if cell == "":
        return None
    if not isinstance(cell, str):
        return cell
    return next((parse(cell) for form, parse in _PARSERS if isinstance(kind, form)), cell)


_PARSERS: tuple[tuple[type[TypeEngine[Any]], Callable[[str], Any]], ...] = (
    (Boolean, lambda cell: cell == "true"),
    (Integer, int),
    (Numeric, Decimal),
    (Date, date.fromisoformat),
)
