"""Wire shapes of settlements."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.events.declare_reference import AreaCode, Day
from app.events.fields import Name, Words
from app.web import Wire

PayeeKind = Literal["shop", "hauler", "plant"]
Status = Literal["draft", "approved", "paid", "discarded"]


class DraftBody(Wire):
    """Whose money of a county to settle, up to a day, inclusive; everybody's where none is named."""

    county: AreaCode
    until: Day
    payee_kind: PayeeKind | None = None
    payee: Annotated[str, Field(min_length=1, max_length=20)] | None = None


class PayBody(Wire):
    """When a settlement was paid, and the number of the voucher."""

    paid_on: Day
    voucher: Name


class DiscardBody(Wire):
    """Why a draft is discarded."""

    reason: Words


class Drafted(BaseModel):
    """The settlements that were made."""

    items: list[dict[str, object]]


class Page(BaseModel):
    """A page of a list."""

    items: list[dict[str, object]]
    next_cursor: str | None


class Items(BaseModel):
    """A whole list."""

    items: list[dict[str, object]]
