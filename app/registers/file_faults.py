"""What is wrong with a file that is sent for import, by row and column as Excel shows them."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.orm import among
from app.registers.draft import Draft, Fault
from app.registers.errors import RegisterImportRefused
from app.registers.fields import folded
from app.registers.models import RegisterEntry
from app.registers.register import Register
from app.registers.sheet import Sheet, SheetRow
from app.registers.workbook import ERRORS

API = "/api/v1/plan"
LONGEST_HEADING = 60
MOST_TOLD = 500
"""Faults in one answer; the error file has them all."""

Told = dict[str, Any]
"""A fault in a file: `row` as Excel numbers it, `column` its heading, words in two languages."""
Read = Sequence[Draft | list[Fault]]
"""What became of each row of a sheet, in its order."""


def parts_of(register: Register, headings: SheetRow) -> tuple[dict[str, int], list[Told]]:
    """Return in which column each part of an entry stands, and what is wrong with the headings."""
    by_label = {folded(label): part for part, label in register.columns.items()}
    parts: dict[str, int] = {}
    faults = []
    for i, heading in enumerate(headings.cells):
        # A file that was given back with its errors comes again.
        if not heading or heading.startswith(ERRORS):
            continue
        part = by_label.get(folded(heading))
        if part is None:
            words = "不认识这一列", "unknown column"
        elif part in parts:
            words = "这一列有两个", "the column stands twice"
        else:
            parts[part] = i
            continue
        faults.append(told(headings.number, heading[:LONGEST_HEADING], *words))
    for part, label in register.columns.items():
        if part in register.required and part not in parts:
            faults.append(told(headings.number, label, "缺少这一列", "the column is missing"))
    return parts, faults


def unheaded(sheet: Sheet) -> Iterator[Told]:
    """Yield the rows with a value under no heading: nothing of a file is left out in silence."""
    headed = {i for i, heading in enumerate(sheet.headings.cells) if heading}
    for row in sheet.rows:
        if any(cell and i not in headed for i, cell in enumerate(row.cells)):
            yield told(row.number, None, "有一格没有标题", "a cell stands under no heading")


def faults_of(register: Register, rows: Sequence[SheetRow], read: Read) -> Iterator[Told]:
    """Yield what is wrong with single rows, and rows that stand in the file twice."""
    first: dict[str, int] = {}
    for row, one in zip(rows, read, strict=True):
        if isinstance(one, Draft):
            earlier = first.setdefault(one.identity_key, row.number)
            if earlier != row.number:
                yield _identity_fault(
                    register, row, f"与第 {earlier} 行重复", f"is the same as row {earlier}"
                )
            continue
        for fault in one:
            yield told(
                row.number,
                register.columns[fault.part],
                fault.chinese,
                fault.english,
                part=fault.part,
            )


async def standing_already(
    session: AsyncSession,
    register: Register,
    rows: Sequence[SheetRow],
    read: Read,
) -> list[Told]:
    """Return the rows whose entries stand in the register, each with the name of what stands."""
    keys = {one.identity_key for one in read if isinstance(one, Draft)}
    query = select(RegisterEntry.identity_key, RegisterEntry.name).where(
        RegisterEntry.register == register.slug,
        among(RegisterEntry.identity_key, keys),
        RegisterEntry.withdrawn.is_(False),
    )
    standing = {row.identity_key: row.name for row in await session.execute(query)}
    return [
        _identity_fault(
            register,
            row,
            f"名单里已有这一条：{standing[one.identity_key]}",
            f"stands in the register already: {standing[one.identity_key]}",
        )
        for row, one in zip(rows, read, strict=True)
        if isinstance(one, Draft) and one.identity_key in standing
    ]


def _identity_fault(register: Register, row: SheetRow, chinese: str, english: str) -> Told:
    part = register.identity[0]
    return told(row.number, register.columns[part], chinese, english, part=part)


def told(
    row: int | None, column: str | None, chinese: str, english: str, *, part: str | None = None
) -> Told:
    """Return a fault as it is answered and kept; its pointer is /rows/<row>/<part>."""
    steps = [str(step) for step in (row, part) if step is not None]
    return {
        "pointer": "".join(f"/{step}" for step in ("rows", *steps)) if steps else "",
        "detail": chinese,
        "detail_en": english,
        "row": row,
        "column": column,
    }


def refused(faults: Sequence[Told], import_id: UUID | None) -> RegisterImportRefused:
    """Return the problem of a file; `import_id` where its cells are kept for the error file."""
    first = faults[0]
    at = [
        f"第 {first['row']} 行" if first["row"] else "",
        f"“{first['column']}”" if first["column"] else "",
    ]
    at_en = [f"row {first['row']}" if first["row"] else "", first["column"] or ""]
    return RegisterImportRefused(
        faults=len(faults),
        first=f"{''.join(at)}{first['detail']}",
        first_en=" ".join([*filter(None, at_en), first["detail_en"]]),
        errors=list(faults[:MOST_TOLD]),
        error_file=f"{API}/imports/{import_id}/errors.xlsx" if import_id else None,
    )
