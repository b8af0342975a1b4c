"""`POST /api/v1/packaging/parse`: what a scanned text is. Nothing is looked up but our own labels."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from app.auth.access import SignedIn
from app.batches.models import Label
from app.batches.scanned import LONGEST, Kind, recognise
from app.db import Reading
from app.web import Wire, json_of, takes

router = APIRouter(prefix="/api/v1/packaging")


class Payload(Wire):
    """What a phone read, or a person typed."""

    payload: Annotated[str, StringConstraints(max_length=LONGEST)]


class UnitShown(BaseModel):
    """What the code on a pesticide's packaging says of itself; it proves nothing."""

    code: str
    category: str
    registrations: list[str]
    candidates: list[str]
    production: Literal["holder", "commissioned", "repacked"]
    spec: str
    rules: list[str]
    name: str | None
    holder: str | None
    url: str | None
    notes: list[str]


class ScannedShown(BaseModel):
    """What a text is; `label` is `bag` or `container` where the label was issued, else null."""

    kind: Kind
    says: str
    code: str | None
    problem: Literal["check_digits", "shape"] | None
    host: str | None
    unit: UnitShown | None
    label: Literal["bag", "container"] | None


@router.post(
    "/parse", response_model=ScannedShown, openapi_extra=takes(Payload), summary="识别扫到的码"
)
async def parse(
    _caller: SignedIn, session: Reading, asked: Annotated[Payload, json_of(Payload)]
) -> dict[str, Any]:
    found = recognise(asked.payload)
    issued = await session.get(Label, found.code) if found.kind == "label" and found.code else None
    return {**asdict(found), "label": issued.kind if issued else None}
