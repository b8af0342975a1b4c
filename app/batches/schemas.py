"""Wire shapes of labels, and of the site codes that every feature above takes."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from app.batches.changes import Chosen
from app.batches.codes import CodeError, parse_site_code
from app.batches.models import LabelSheet
from app.batches.numbered import Numbers
from app.batches.read import LabelFound
from app.batches.typed import typed_code
from app.web import Unfit, Wire

MAX_LABELS = 5_000
MAX_CODES = 500
"""Labels that are named one by one."""
MAX_TARE_G = 5_000_000
"""Five tonnes: a lorry's own container weighs less."""


def _site(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("应为站点编码", "must be a site code")
    try:
        return parse_site_code(value)
    except CodeError:
        raise Unfit("站点编码格式不对，应如 130110-P0001", "is not a site code") from None


SiteCode = Annotated[str, BeforeValidator(_site)]
CountyCode = Annotated[str, Field(pattern="^[0-9]{6}$")]
LabelKind = Literal["bag", "container"]


Tare = Annotated[int, Field(ge=0, le=MAX_TARE_G)]


class LabelOrder(Wire):
    """So many labels for a county, and for one of its sites where one is named.

    Containers' labels may say what each weighs empty, where they are all of one make.
    """

    county: CountyCode
    kind: LabelKind
    count: Annotated[int, Field(ge=1, le=MAX_LABELS)]
    site: SiteCode | None = None
    tare_g: Tare | None = None

    @model_validator(mode="after")
    def _containers_have_a_tare(self) -> "LabelOrder":
        if self.tare_g is not None and self.kind != "container":
            raise Unfit("只有容器标签有皮重", "is for containers alone", "/tare_g")
        return self


class TareOrder(Wire):
    """What a container weighs empty, in grams."""

    tare_g: Tare


class LabelsMeant(Wire):
    """Labels by their codes, or by their sheet and their numbers in it; all of it without numbers."""

    codes: Annotated[list[str], Field(min_length=1, max_length=MAX_CODES)] | None = None
    sheet: Annotated[UUID, Field(strict=False)] | None = None
    first: Annotated[int, Field(ge=1, le=MAX_LABELS)] | None = None
    last: Annotated[int, Field(ge=1, le=MAX_LABELS)] | None = None
    leave_used: bool = False
    """Leave used labels as they are; otherwise one of them refuses all."""

    @model_validator(mode="after")
    def _meant_one_way(self) -> Self:
        if (self.codes is None) == (self.sheet is None):
            raise Unfit("写 codes 或者 sheet，只写一样", "give either codes or sheet", "/codes")
        if self.sheet is None and (self.first or self.last):
            raise Unfit("只和 sheet 一起用", "goes with sheet", "/first")
        return self

    def chosen(self) -> Chosen:
        """Return which labels are meant; MistypedCode."""
        codes = [typed_code(c, pointer=f"/codes/{n}") for n, c in enumerate(self.codes or ())]
        return Chosen(codes, self.sheet, Numbers(self.first, self.last), self.leave_used)


class VoidOrder(LabelsMeant):
    """Labels that nobody may use any more, and why."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class AssignOrder(LabelsMeant):
    """Labels that go to a site; `null` takes them back to the county."""

    site: SiteCode | None


class LabelsChanged(BaseModel):
    """How many labels were changed; how many were left because they are used, or were void."""

    changed: int
    used: int
    void: int


class SheetShown(BaseModel):
    """What was issued: the sheet's id and its codes, sorted."""

    sheet: UUID
    codes: list[str]


class SheetListed(BaseModel):
    """One issue of labels, without its codes: those are at `/labels?sheet=`."""

    sheet: UUID
    county: str
    kind: str
    count: int
    site: str | None
    issued_at: datetime
    prints: int
    """How often it, or a part of it, was printed."""

    @classmethod
    def of(cls, sheet: LabelSheet, prints: int) -> Self:
        """Return a sheet as it stands in a list."""
        return cls(
            sheet=sheet.id,
            county=sheet.county,
            kind=sheet.kind,
            count=sheet.count,
            site=sheet.site,
            issued_at=sheet.issued_at,
            prints=prints,
        )


class SheetPage(BaseModel):
    """A page of sheets, newest first."""

    items: list[SheetListed]
    next_cursor: str | None


class LabelShown(BaseModel):
    """A label; `used` once an event names it, `void` where it must not be used."""

    code: str
    county: str
    kind: str
    site: str | None
    sheet: UUID
    issued_at: datetime
    used: bool
    void: bool
    tare_g: int | None
    """Of a container: what it weighs empty."""

    @classmethod
    def of(cls, found: LabelFound) -> Self:
        """Return a label as it stands in a list."""
        label = found.label
        return cls(
            code=label.code,
            county=label.county,
            kind=label.kind,
            site=label.site,
            sheet=label.sheet,
            issued_at=label.issued_at,
            used=found.used,
            void=found.void,
            tare_g=label.tare_g,
        )


class LabelPage(BaseModel):
    """A page of labels by code."""

    items: list[LabelShown]
    next_cursor: str | None
