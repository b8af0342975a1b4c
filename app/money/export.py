"""A settlement with all its lines as .csv and .xlsx, page by page: memory does not grow with it."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from typing import IO, Any
from uuid import UUID

from openpyxl import Workbook

from app.areas.scope import Reach
from app.csv_cells import BOM, cell_of
from app.db import Database
from app.money import read
from app.money.settle import STATUSES
from app.money.words import LINES, PAYEES, in_yuan

AT_ONCE = 500
CHUNK = 64 * 1024
COLUMNS = (
    "结算单", "日期", "款项", "站点", "件数", "重量（克）", "金额（元）", "更正差额", "登记编号", "存证第几条",
)  # fmt: skip


async def rows_of(database: Database, reach: Reach, id_: UUID) -> AsyncGenerator[list[list[Any]]]:
    """Yield rows, the head first, out of one snapshot; NotFound before the first."""
    async with database.read() as session:
        head = await read.settlement(session, reach, id_)
        names = await read.payee_names(session, [head.payee])
        yield [
            ["结算单", head.number, STATUSES[head.status]],
            [PAYEES[head.payee_kind], head.payee, names.get(head.payee, "")],
            ["截至", head.until, "笔数", head.lines, "日志条数", head.log_size],
            ["押金（元）", in_yuan(head.deposit_fen), "有偿回收（元）", in_yuan(head.buyback_fen)],
            ["补贴（元）", in_yuan(head.subsidy_fen), "合计（元）", in_yuan(head.total_fen)],
            ["支付日期", head.paid_on or "", "凭证号", head.voucher or ""],
            list(COLUMNS),
        ]
        after = None
        while True:
            found = await read.lines(session, id_, after=after, limit=AT_ONCE)
            if found:
                yield [_row(head.number, one) for one in found]
                last = found[-1]
                after = (last["occurred_on"], last["event"], last["scheme"], last["n"])
            if len(found) < AT_ONCE:
                return


def _row(number: str, one: dict[str, Any]) -> list[Any]:
    return [
        number, one["occurred_on"], LINES[one["scheme"]], one["site"], one["pieces"], one["mass_g"],
        in_yuan(one["fen"]), "是" if one["n"] else "", str(one["event"]), one["leaf_index"],
    ]  # fmt: skip


async def _begun(pieces: AsyncGenerator[Any]) -> AsyncIterator[Any]:
    """Return pieces of which the first is made: what is refused must not begin with a 200."""
    first = await anext(pieces)

    async def every() -> AsyncIterator[Any]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    return every()


async def settlement_csv(database: Database, reach: Reach, id_: UUID) -> AsyncIterator[bytes]:
    """Return the pieces of a .csv for Excel; NotFound."""

    async def pieces() -> AsyncGenerator[bytes]:
        mark = BOM
        async with aclosing(rows_of(database, reach, id_)) as pages:
            async for rows in pages:
                yield mark + _csv(rows)
                mark = b""

    return await _begun(pieces())


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([cell_of(value) for value in row] for row in rows)
    return out.getvalue().encode()


async def settlement_xlsx(database: Database, reach: Reach, id_: UUID) -> AsyncIterator[bytes]:
    """Return the pieces of an .xlsx, written to a file that is gone afterwards; NotFound."""

    async def pieces() -> AsyncGenerator[bytes]:
        with tempfile.TemporaryFile() as file:
            await _write(file, rows_of(database, reach, id_))
            while chunk := file.read(CHUNK):
                yield chunk

    return await _begun(pieces())


async def _write(file: IO[bytes], pages: AsyncGenerator[list[list[Any]]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("结算单")
    async with aclosing(pages):
        async for rows in pages:
            await asyncio.to_thread(_append, sheet, rows)
    await asyncio.to_thread(book.save, file)
    file.seek(0)


def _append(sheet: Any, rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        sheet.append([cell_of(value) if isinstance(value, str) else value for value in row])
