"""Wire shapes of declared packaging (产生量测算), and the form of a row that stands in a leaf."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from app.events.declare import MAX_ROWS
from app.events.declare_reference import AreaCode, Day
from app.supply.models import SupplyRow
from app.web import Unfit, Wire

MAX_UNIT_WEIGHT_G = 50_000
"""No empty bottle, drum or bag weighs 50 kg."""
MAX_ROW_G = 100_000_000_000
"""100 000 t, which is 25 years of the whole province."""
MAX_UNITS = 1_000_000_000
FIRST_YEAR, LAST_YEAR = 2000, 2099


def _grams(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("应为数字", "must be a number")
    grams = Decimal(repr(value))
    if not 0 < grams <= MAX_UNIT_WEIGHT_G:
        raise Unfit("单件空包装重应大于 0，至多 50000 克", "must be above 0, at most 50000 g")
    if grams * 1000 != int(grams * 1000):
        raise Unfit("至多三位小数（毫克）", "must have at most three decimals")
    return grams


def _plausible(on: date) -> date:
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise Unfit("年份不对", "the year is out of range")
    return on


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
SoldOn = Annotated[Day, AfterValidator(_plausible)]


class SupplyLine(Wire):
    """So many units sold on a day in a county; negative units are returns.

    Methods: A sales ledger (units × unit weight), B pesticide use × coefficient, C area ×
    kg/亩. A row that replaces another with no units takes it back.
    """

    id: Text
    dealer: Text | None = None
    county: AreaCode
    on: SoldOn
    registration: Text | None = None
    spec: Text | None = None
    units: Annotated[int, Field(ge=-MAX_UNITS, le=MAX_UNITS)]
    unit_weight_g: Annotated[Decimal, BeforeValidator(_grams)] | None = None
    mass_g: Annotated[int, Field(ge=-MAX_ROW_G, le=MAX_ROW_G)] | None = None
    method: Literal["A", "B", "C"]
    replaces: Text | None = None

    @model_validator(mode="after")
    def _mass_fits(self) -> Self:
        if self.units == 0 and self.replaces is None:
            raise Unfit("units 不能为 0", "units must not be 0")
        if self.unit_weight_g is None and self.mass_g is None and self.units:
            raise Unfit("写 unit_weight_g 或 mass_g", "give unit_weight_g or mass_g")
        if self.mass_g is not None and self.unit_weight_g is None:
            if _sign(self.mass_g) != _sign(self.units):
                raise Unfit("mass_g 的正负应与 units 一致", "mass_g must have the sign of units")
        elif self.mass_g is not None and abs(self.mass_g - self.grams) > 1:
            raise Unfit(
                "mass_g 应等于 units × unit_weight_g", "mass_g must be units × unit_weight_g"
            )
        if abs(self.grams) > MAX_ROW_G:
            raise Unfit("一行至多 10 万吨", "a row is at most 100 000 t")
        return self

    @property
    def unit_weight_mg(self) -> int | None:
        """Mean mass of one empty piece in milligrams."""
        return None if self.unit_weight_g is None else int(self.unit_weight_g * 1000)

    @property
    def grams(self) -> int:
        """Generated mass: units × unit weight, halves rounded away from zero, else `mass_g`."""
        if self.unit_weight_mg is None:
            return self.mass_g or 0
        return _sign(self.units) * ((abs(self.units) * self.unit_weight_mg + 500) // 1000)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def in_leaf(row: SupplyLine) -> dict[str, Any]:
    """Return a row as it stands in a leaf: integers only, `mass_g` always there."""
    found = row.model_dump(mode="json", exclude={"unit_weight_g", "mass_g"}, exclude_none=True)
    if row.unit_weight_mg is not None:
        found["unit_weight_mg"] = row.unit_weight_mg
    return {**found, "mass_g": row.grams}


def as_sent(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row in a leaf as `SupplyLine` reads it: `in_leaf` the other way."""
    rest = {key: value for key, value in row.items() if key != "unit_weight_mg"}
    if "unit_weight_mg" in row:
        rest["unit_weight_g"] = row["unit_weight_mg"] / 1000
    return rest


class SupplyBody(Wire):
    """Declared rows, at most 5 000 at once."""

    rows: Annotated[list[SupplyLine], Field(min_length=1, max_length=MAX_ROWS)]


class SupplyShown(BaseModel):
    """A declared row as it is read."""

    id: str
    dealer: str | None
    county: str
    on: date
    registration: str | None
    spec: str | None
    units: int
    unit_weight_g: float | None
    mass_g: int
    method: str
    replaces: str | None
    replaced_by: str | None
    event: str

    @classmethod
    def of(cls, found: tuple[SupplyRow, str | None]) -> Self:
        """Return a stored row and the id of the row that replaces it."""
        row, replaced_by = found
        mg = row.unit_weight_mg
        return cls(
            id=row.id,
            dealer=row.dealer,
            county=row.county,
            on=row.on_day,
            registration=row.registration,
            spec=row.spec,
            units=row.units,
            unit_weight_g=None if mg is None else mg / 1000,
            mass_g=row.mass_g,
            method=row.method,
            replaces=row.replaces,
            replaced_by=replaced_by,
            event=str(row.event_id),
        )


class SupplyPage(BaseModel):
    """A page of declared rows by day."""

    items: list[SupplyShown]
    next_cursor: str | None
