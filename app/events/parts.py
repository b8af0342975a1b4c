"""Parts that the wire shapes of events are made of."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from app.events.fields import (
    MAX_GROUP_G,
    MAX_MASS_G,
    PHONE,
    Grams,
    Name,
    Slug,
    Words,
)
from app.web import Unfit, Wire


class BatchRef(Wire):
    """A code with, where it was weighed, its net mass in grams."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    mass_g: Grams | None = None
    gross_g: Grams | None = None
    tare_g: Annotated[int, Field(ge=0, le=MAX_MASS_G)] | None = None
    mass_source: Literal["weighed", "counted", "declared", "carried"] | None = None

    @model_validator(mode="after")
    def _net_is_gross_less_tare(self) -> "BatchRef":
        if self.gross_g is None:
            if self.tare_g is not None:
                raise Unfit("有皮重就要有毛重", "tare_g needs gross_g")
        elif self.net_g is None or self.net_g != self.gross_g - (self.tare_g or 0):
            raise Unfit("净重应等于毛重减皮重", "mass_g must be gross_g less tare_g")
        elif self.net_g < 1:
            raise Unfit("毛重应大于皮重", "gross_g must exceed tare_g")
        if self.mass_source is not None and self.net_g is None:
            raise Unfit("有重量来源就要有重量", "mass_source needs mass_g")
        return self

    @property
    def net_g(self) -> int | None:
        """Net grams: as given, else gross less tare."""
        if self.mass_g is None and self.gross_g is not None:
            return self.gross_g - (self.tare_g or 0)
        return self.mass_g


class ContentLine(Wire):
    """So many pieces of one sort of packaging; none where it was weighed and not counted."""

    material: Slug
    form: Slug
    size: Slug
    pieces: Annotated[int, Field(ge=0, le=1_000_000)]
    rinse: Literal["pass", "fail", "unchecked"] = "unchecked"
    scope: Literal["pesticide", "veterinary", "fertiliser_seed", "film", "foreign"] = "pesticide"


def check_counted(lines: list[ContentLine] | None, *, weighed: bool) -> None:
    """Refuse lines without pieces where nothing was weighed, or beside others that were counted."""
    uncounted = [n for n, line in enumerate(lines or ()) if not line.pieces]
    if uncounted and not weighed:
        raise Unfit(
            "应大于等于 1；没有点件数，就要写重量",
            "must be at least 1; what was not counted must be weighed",
            f"/contents/{uncounted[0]}/pieces",
        )
    if uncounted and len(uncounted) < len(lines or ()):
        raise Unfit(
            "同一次登记里，要么都点件数，要么都不点，只按重量",
            "count every line of an event, or none",
            f"/contents/{uncounted[0]}/pieces",
        )


UnitCode = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""The code of a bottle or a bag, as scanned."""


class Giver(Wire):
    """Who brought the packaging; kept outside the log, in a table that can forget."""

    kind: Literal["farmer", "large_grower", "cooperative", "cleanup", "unknown"]
    name: Name | None = None
    phone: Annotated[str, StringConstraints(pattern=PHONE)] | None = None
    village: Name | None = None


class Payment(Wire):
    """What the giver was paid, in fen, and on what basis."""

    fen: Annotated[int, Field(ge=0, le=10_000_000)]
    basis: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class Position(Wire):
    """Where the phone was; converted to WGS-84 where `datum` says GCJ-02."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, strict=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, strict=False)]
    accuracy_m: (
        Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False, strict=False)] | None
    ) = None
    datum: Literal["WGS-84", "GCJ-02"] = "WGS-84"

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_numbers(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for key in ("lat", "lon", "accuracy_m"):
                if isinstance(value.get(key), bool | str):
                    raise Unfit("位置应为数字", "must be numbers")
        return value


class Seen(Wire):
    """A published head of the log: its size and its root."""

    size: Annotated[int, Field(ge=1, le=2**53 - 1)]
    root: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Device(Wire):
    """Which phone, its own counter, and the hash of what it sent before.

    `not_before` is the last head of the log that it had seen: nobody knew that root any earlier.
    """

    id: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    seq: Annotated[int, Field(ge=0)] | None = None
    prev: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    not_before: Seen | None = None


class ArrivalException(Wire):
    """A bag that did not simply arrive."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    outcome: Literal["refused", "missing", "damaged"]
    reason: Words


class Weighed(Wire):
    """A container on the scale: what it weighs gross; without `tare_g` its label's tare counts."""

    container: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    gross_g: Annotated[int, Field(ge=1, le=MAX_GROUP_G)]
    tare_g: Annotated[int, Field(ge=0, le=MAX_GROUP_G)] | None = None

    @model_validator(mode="after")
    def _net_is_left(self) -> "Weighed":
        if self.tare_g is not None and self.tare_g >= self.gross_g:
            raise Unfit("毛重应大于皮重", "gross_g must exceed tare_g")
        return self


class RepackPart(BatchRef):
    """What goes into a repack or comes out of it, always with its mass."""

    @model_validator(mode="after")
    def _weighs_something(self) -> "RepackPart":
        if self.net_g is None:
            raise Unfit("要写重量", "needs a mass", "/mass_g")
        return self


class RepackOutput(RepackPart):
    """A new bag: its `contents` if they were counted, else perhaps its one `material`."""

    contents: Annotated[list[ContentLine], Field(min_length=1, max_length=200)] | None = None
    material: Slug | None = None

    @model_validator(mode="after")
    def _counts_all_or_none(self) -> "RepackOutput":
        check_counted(self.contents, weighed=True)
        return self


class Removed(Wire):
    """What was taken out and goes no further."""

    reason: Literal["foreign", "moisture", "leak"]
    mass_g: Grams
