"""Wire shapes of an amendment, and the form of a row that stands in a leaf.

{"number": "冀发改环资〔2026〕88号", "title": "关于调整…的通知",
 "issued_on": "2026-03-01", "effective_on": "2026-04-01",
 "paragraphs": [{"address": "item-2-p3", "text": "到2027年，…达到90%以上…"}],
 "targets": [{"code": "pesticide-packaging-recovery", "comparator": "以上", "value": 90,
              "unit": "%", "target_year": 2027, "quote": "回收率达到90%以上"}]}
"""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from app.events.declare_reference import Day
from app.events.fields import EventId
from app.web import Unfit, Wire

LONGEST_TEXT = 20_000
MOST_CHANGES = 200
LARGEST = 10**12
PLACES = 6
PERCENT, WHOLE = "%", 100
_YEAR_IN_BRACKETS = re.compile(r"[(（〔［\[【]([0-9]{4})[)）〕］\]】]")


def document_number(given: str) -> str:
    """Return a 文号 as GB/T 9704 writes it: no blanks, the year in 〔〕, digits of half width."""
    digits = "".join(unicodedata.normalize("NFKC", c) if c.isdecimal() else c for c in given)
    return _YEAR_IN_BRACKETS.sub(r"〔\1〕", "".join(digits.split()))


def _number(given: Any) -> str:
    if not isinstance(given, str):
        raise Unfit("应为文号", "must be a document number")
    return document_number(given)


def _figure(given: Any) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Unfit("应为数字", "must be a number")
    if not 0 <= given <= LARGEST:
        raise Unfit("应为不小于零的数，至多一万亿", "must be from 0 to 10¹²")
    figure = Decimal(repr(given))
    if round(figure, PLACES) != figure:
        raise Unfit(f"至多 {PLACES} 位小数", f"must have at most {PLACES} decimals")
    whole = figure.to_integral_value()
    return whole if whole == figure else figure.normalize()


def _unit(given: Any) -> Any:
    return unicodedata.normalize("NFKC", given) if given == "％" else given


Number = Annotated[str, BeforeValidator(_number), StringConstraints(min_length=1, max_length=100)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)
]
Quote = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]
Figure = Annotated[Decimal, BeforeValidator(_figure)]
Unit = Annotated[
    str,
    BeforeValidator(_unit),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20),
]


class AmendedParagraph(Wire):
    """A paragraph, by its address in the plan, and all of its new words."""

    address: Code
    text: Text


class AmendedTarget(Wire):
    """A target with new figures: one `value`, or a range from `low` to `high`, in its own unit.

    What is left out stays as it was: comparator, year, indicator, scope, paragraph. `quote` is a
    piece of the words that its paragraph has from that day on; left out, the old quote stays where
    those words still hold it, else the paragraph's words are the quote.
    """

    code: Code
    paragraph: Code | None = None
    quote: Quote | None = None
    comparator: Short | None = None
    value: Figure | None = None
    low: Figure | None = None
    high: Figure | None = None
    unit: Unit | None = None
    target_year: Annotated[int, Field(ge=2021, le=2199)] | None = None
    indicator: Short | None = None
    scope: Short | None = None

    @property
    def has_number(self) -> bool:
        """Whether it gives a value or a range."""
        return self.value is not None or self.low is not None

    @model_validator(mode="after")
    def _one_number_with_unit(self) -> Self:
        if self.value is not None and (self.low is not None or self.high is not None):
            raise Unfit("数值和范围只能写一种", "give a value or a range, not both", "/value")
        if self.low is not None and self.high is None:
            raise Unfit("范围缺少上限", "the range has no upper end", "/high")
        if self.high is not None and self.low is None:
            raise Unfit("范围缺少下限", "the range has no lower end", "/low")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise Unfit(
                f"范围上下颠倒：下限 {self.low} 大于上限 {self.high}",
                f"the range is upside down: {self.low} is above {self.high}",
                "/low",
            )
        if self.has_number and self.unit is None:
            raise Unfit("数值要有单位", "a number needs its unit", "/unit")
        if not self.has_number and self.unit is not None:
            raise Unfit("有单位而没有数值", "there is a unit without a number", "/value")
        for name in ("value", "low", "high"):
            figure = getattr(self, name)
            if self.unit == PERCENT and figure is not None and figure > WHOLE:
                raise Unfit("百分比不大于 100", "a percentage is at most 100", f"/{name}")
        return self


class AmendmentRow(Wire):
    """An amending document, or more of one that is known: what it changes, and from when.

    `number`, `title`, `issued_on` and `effective_on` are the document's own. Paragraphs and
    targets that it does not name stay as they are.
    """

    number: Number
    title: Title
    issued_on: Day
    effective_on: Day
    paragraphs: list[AmendedParagraph] = Field(default_factory=list, max_length=MOST_CHANGES)
    targets: list[AmendedTarget] = Field(default_factory=list, max_length=MOST_CHANGES)

    @model_validator(mode="after")
    def _changes_something_in_time(self) -> Self:
        if self.effective_on < self.issued_on:
            raise Unfit(
                f"生效日期早于发文日期 {self.issued_on}",
                f"is before the day of issue, {self.issued_on}",
                "/effective_on",
            )
        if not self.paragraphs and not self.targets:
            raise Unfit(
                "至少写一个修订的段落或目标", "must amend a paragraph or a target", "/paragraphs"
            )
        return self


class AmendmentBody(AmendmentRow):
    """The body of `POST /api/v1/plan/amendments`: a row, and the id that makes it idempotent."""

    id: EventId | None = None


def in_leaf(row: AmendmentRow) -> dict[str, Any]:
    """Return a row as it stands in a leaf: figures as decimal texts, nothing that was left out."""
    return row.model_dump(mode="json", exclude_none=True)
