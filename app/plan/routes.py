"""`/api/v1/plan/…`: the document and its tables, open to anyone, for it is a published document."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from app.areas.read import today
from app.auth.access import Visitor
from app.db import Reading
from app.errors import NotFound
from app.pagination import Cursor, Limit, after_index, page
from app.plan.document import head
from app.plan.linked import Row
from app.plan.published import TABLES, Published, as_csv
from app.plan.read import plan_on, wordings_of
from app.plan.search import KINDS, Found, after_hit, reads_all, search

router = APIRouter(prefix="/api/v1/plan", tags=["plan"])

OnDay = Annotated[date | None, Query(description="按哪一天有效的文字，默认今天")]
Words = Annotated[str, Query(max_length=100, description="要找的词，空格隔开的都要有")]
SearchKind = Literal[
    "paragraph", "department", "target", "measure", "industry", "technology", "instrument",
    "citation", "register", "entry",
]  # fmt: skip
TableName = Annotated[str, Path(description=f"表：{'、'.join(TABLES)}")]


@router.get("", summary="文件")
async def get_plan(session: Reading, on: OnDay = None) -> Row:
    return head(await plan_on(session, on or today()))


@router.get("/search", summary="全文查找")
async def get_search(
    caller: Visitor,
    session: Reading,
    *,
    q: Words = "",
    kind: SearchKind | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Row:
    found = await search(
        session,
        q,
        public=not reads_all(caller),
        kind=kind,
        limit=limit + 1,
        after=after_hit(cursor),
    )
    return page(found, limit, lambda hit: hit.place, _hit)


def _hit(hit: Found) -> Row:
    return {
        "kind": hit.kind,
        "kind_name": KINDS[hit.kind],
        "code": hit.key,
        "title": hit.title,
        "around": hit.around,
        "page": hit.url,
    }


@router.get("/{table}.csv", summary="表格")
async def get_csv(session: Reading, table: TableName, on: OnDay = None) -> Response:
    published = _published(table)
    rows = published.rows(await plan_on(session, on or today()))
    return Response(
        as_csv(rows, published.columns),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="plan-{table}.csv"'},
    )


@router.get("/{table}", summary="表")
async def get_table(
    session: Reading,
    table: TableName,
    *,
    on: OnDay = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> dict[str, Any]:
    skip = after_index(cursor)
    rows = _published(table).rows(await plan_on(session, on or today()))
    return page(rows[skip : skip + limit + 1], limit, lambda _: [skip + limit], lambda row: row)


@router.get("/{table}/{code}", summary="表中一行")
async def get_row(session: Reading, table: TableName, code: str, on: OnDay = None) -> Row:
    plan = await plan_on(session, on or today())
    key = "address" if table == "paragraphs" else "code"
    for row in _published(table).rows(plan):
        if row[key] == code:
            if table == "paragraphs":
                return {**row, "wordings": await _wordings(session, code)}
            return row
    raise NotFound(what=code)


def _published(table: str) -> Published:
    if table not in TABLES:
        raise NotFound(what=table)
    return TABLES[table]


async def _wordings(session: Reading, address: str) -> list[Row]:
    """Return every wording that the paragraph has had, with the document that set it."""
    return [
        {
            "text": one.text,
            "document": one.document,
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
        }
        for one in await wordings_of(session, address)
    ]
