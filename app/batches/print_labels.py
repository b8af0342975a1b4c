"""Print labels of a sheet: as PDF for our own printers, as .csv for printers of bags and ties.

A label that is printed again is the same label: its code is repeated and the print is counted.
"""

import asyncio
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi.responses import Response

from app.areas.names import county_names
from app.areas.scope import reach_of
from app.auth.caller import Caller
from app.auth.permissions import require
from app.batches.changes import keep_changes
from app.batches.errors import NothingToPrint
from app.batches.models import LabelSheet
from app.batches.numbered import Numbers, sheet_labels
from app.batches.qr import payload
from app.batches.sheet_pdf import USES, LayoutName, Printed, draw_labels
from app.csv_cells import BOM, cell_of
from app.db import WriteSession
from app.paper.answer import paper_file
from app.paper.fonts import load_fonts

COLUMNS = (
    "序号",
    "总数",
    "标签码",
    "二维码内容",
    "用在哪里",
    "县（市、区）",
    "县代码",
    "发给",
    "皮重（克）",
)
_ONE_AT_A_TIME = asyncio.Semaphore(1)
"""Five thousand labels are drawn for ten seconds: others wait, but not for the whole machine."""


@dataclass(frozen=True)
class ToPrint:
    """Labels that go to a printer, in the order of their numbers."""

    sheet: LabelSheet
    county_name: str
    labels: Sequence[Printed]

    @property
    def title(self) -> str:
        """Name the sheet and its part, for the file."""
        ends = f"{self.labels[0].number}-{self.labels[-1].number}"
        return f"标签 {self.county_name} {self.sheet.issued_at:%Y%m%d} {ends}"


async def take_to_print(
    session: WriteSession,
    caller: Caller,
    sheet: UUID,
    numbers: Numbers,
    *,
    layout: LayoutName | Literal["csv"],
    now: datetime,
) -> ToPrint:
    """Return the labels of a sheet that are not void, and count the print.

    Raises Forbidden, NotFound, NotInSheet, NothingToPrint, FontsMissing.
    """
    require(caller, "labels.read")
    if layout != "csv":
        await asyncio.to_thread(load_fonts)
    found, labels = await sheet_labels(session, await reach_of(session, caller), sheet, numbers)
    good = [one for one in labels if not one.void]
    if not good:
        raise NothingToPrint(sheet=str(sheet))
    keep_changes(session, good, "print", layout, caller, now)
    names = await county_names(session, [found.county])
    county_name = names.get(found.county, found.county)
    return ToPrint(
        found,
        county_name,
        [
            Printed(
                one.label.code,
                one.number,
                found.count,
                found.kind,
                county_name,
                one.label.tare_g,
                one.label.site,
            )
            for one in good
        ],
    )


async def draw(printed: ToPrint, layout: LayoutName, *, host: str, demo: bool) -> IO[bytes]:
    """Return a PDF; a large one is kept on the disk."""
    file = paper_file()
    async with _ONE_AT_A_TIME:
        await asyncio.to_thread(
            draw_labels, file, printed.labels, layout, host=host, title=printed.title, demo=demo
        )
    return file


def _csv_of(printed: ToPrint, host: str, *, demo: bool) -> bytes:
    """Return a line a label, what stands in its symbol among it; `demo` says that it is none."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*COLUMNS, *(["演示"] if demo else [])])
    for one in printed.labels:
        row = (
            one.number, one.count, one.code, payload(host, one.code), USES[one.kind][1], one.county_name,
            printed.sheet.county, one.site, one.tare_g,
        )  # fmt: skip
        writer.writerow([cell_of(value) for value in (*row, *(["演示标签，无效"] if demo else []))])
    return BOM + out.getvalue().encode()


def csv_answer(printed: ToPrint, host: str, *, demo: bool) -> Response:
    """Send the lines as a file."""
    name = quote(printed.title, safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}.csv",
        "Cache-Control": "private, no-store",
    }
    return Response(
        _csv_of(printed, host, demo=demo), media_type="text/csv; charset=utf-8", headers=headers
    )
