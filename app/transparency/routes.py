"""`/log/…` (C2SP tlog-tiles) and proofs: open to anyone, but for the entries themselves."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse, Response
from pydantic import BeforeValidator

from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Reading
from app.errors import NotFound
from app.transparency import read
from app.transparency.tiles import MOST_LEVEL, WIDTH, NoSuchTile, Tile, parse_number
from app.web import Unfit

router = APIRouter(tags=["log"])

FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Of a full tile: it never changes."""
SOON = {"Cache-Control": "no-store"}
MOST_SIZE = 2**53


def _plain(value: Any) -> Any:
    """Take a number as it is usually written and no other way: a path or a size has one name."""
    if isinstance(value, str) and not re.fullmatch(r"0|[1-9][0-9]*", value, re.ASCII):
        raise Unfit("应为不带符号的整数", "must be a whole number, plainly written")
    return value


Plain = BeforeValidator(_plain)
Size = Annotated[
    int | None, Plain, Query(ge=1, le=MOST_SIZE, description="日志条数，默认最新公布的")
]


@router.get("/log/checkpoint", summary="签名的日志头")
async def get_checkpoint(session: Reading) -> Response:
    return PlainTextResponse(await read.published_note(session), headers=SOON)


@router.get("/log/keys", summary="验证公钥及起止时间")
async def get_keys(session: Reading) -> Response:
    lines = [
        f"{key.vkey} {key.valid_from.isoformat()} {key.valid_to.isoformat() if key.valid_to else '-'}"
        for key, _ in await read.keys(session)
        if key.purpose == "checkpoint"
    ]
    return PlainTextResponse("".join(f"{line}\n" for line in lines), headers=SOON)


@router.get("/api/v1/log/keys", summary="日志的全部公钥，连同登记它们的原文")
async def get_keys_and_leaves(session: Reading) -> dict[str, Any]:
    return {
        "items": [
            {
                "vkey": key.vkey,
                "purpose": key.purpose,
                "valid_from": key.valid_from.isoformat(),
                "valid_to": key.valid_to.isoformat() if key.valid_to else None,
                "event": str(key.event_id),
                "leaf": leaf,
            }
            for key, leaf in await read.keys(session)
        ]
    }


@router.get("/log/tile/entries/{number:path}", summary="登记原文，审计人员可取")
async def get_entries(caller: SignedIn, session: Reading, number: str) -> Response:
    require(caller, "log.entries")
    index, width = _place(number)
    bundle = await read.entry_bundle(session, index, width)
    return Response(bundle, media_type="application/octet-stream", headers=SOON)


@router.get("/log/tile/{level}/{number:path}", summary="存证树的一片")
async def get_tile(
    session: Reading, level: Annotated[int, Plain, Path(ge=0, le=MOST_LEVEL)], number: str
) -> Response:
    index, width = _place(number)
    hashes = await read.tile_bytes(session, Tile(level, index, width))
    headers = FOREVER if width == WIDTH else SOON
    return Response(hashes, media_type="application/octet-stream", headers=headers)


@router.get("/api/v1/events/{event_id}/proof", summary="一条登记的存证证明")
async def get_proof(session: Reading, event_id: UUID, size: Size = None) -> dict[str, Any]:
    found = await read.inclusion_of(session, event_id, size)
    if found is None:
        raise NotFound(what=str(event_id))
    return {
        "leaf_index": found.leaf_index,
        "leaf_hash": found.leaf_hash.hex(),
        "tree_size": found.tree_size,
        "inclusion": [one.hex() for one in found.path],
        "checkpoint": found.checkpoint,
    }


@router.get("/api/v1/log/consistency", summary="新旧日志头一致的证明")
async def get_consistency(
    session: Reading,
    old: Annotated[int, Plain, Query(alias="from", ge=0, le=MOST_SIZE, description="旧的条数")],
    new: Annotated[int | None, Plain, Query(alias="to", ge=0, le=MOST_SIZE)] = None,
) -> dict[str, Any]:
    return {"proof": [one.hex() for one in await read.consistency(session, old, new)]}


def _place(number: str) -> tuple[int, int]:
    try:
        return parse_number(number)
    except NoSuchTile:
        raise NotFound(what=number) from None
