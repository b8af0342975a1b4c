"""`/api/v1/packaging/…`: vocabularies and unit weights, the same for everyone signed in."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.areas.read import today
from app.auth.access import SignedIn
from app.db import Reading, ReadSession
from app.packaging.read import Vocabulary, list_terms, list_unit_weights, version_on
from app.packaging.schemas import TermPage, TermShown, UnitWeightPage, UnitWeightShown
from app.pagination import Cursor, Limit, decode_cursor, page

router = APIRouter(prefix="/api/v1/packaging")

OnDay = Annotated[date | None, Query(description="按哪一天有效的版本，默认今天")]


@router.get("/materials", response_model=TermPage)
async def materials(
    _caller: SignedIn, session: Reading, limit: Limit = 200, cursor: Cursor = None
) -> dict[str, Any]:
    return await _terms(session, "material", limit, cursor)


@router.get("/forms", response_model=TermPage)
async def forms(
    _caller: SignedIn, session: Reading, limit: Limit = 200, cursor: Cursor = None
) -> dict[str, Any]:
    return await _terms(session, "form", limit, cursor)


@router.get("/sizes", response_model=TermPage)
async def sizes(
    _caller: SignedIn, session: Reading, limit: Limit = 200, cursor: Cursor = None
) -> dict[str, Any]:
    return await _terms(session, "size", limit, cursor)


async def _terms(
    session: ReadSession, vocabulary: Vocabulary, limit: int, cursor: str | None
) -> dict[str, Any]:
    after = decode_cursor(cursor, int)[0] if cursor else -1
    rows = await list_terms(session, vocabulary, after=after, limit=limit + 1)
    return page(rows, limit, key=lambda term: [term.position], shown=TermShown.of)


@router.get("/unit-weights", response_model=UnitWeightPage)
async def unit_weights(
    _caller: SignedIn,
    session: Reading,
    on: OnDay = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> dict[str, Any]:
    version = await version_on(session, on or today())
    if version is None:
        return {"version": None, "valid_from": None, "items": [], "next_cursor": None}
    after = decode_cursor(cursor, str, str, str) if cursor else ["", "", ""]
    rows = await list_unit_weights(
        session, version.version, after=(after[0], after[1], after[2]), limit=limit + 1
    )
    shown = page(
        rows, limit, key=lambda row: [row.material, row.form, row.size], shown=UnitWeightShown.of
    )
    return {"version": version.version, "valid_from": version.valid_from, **shown}
