"""Wire shapes of the packaging vocabularies and of unit weights."""

from datetime import date
from typing import Self

from pydantic import BaseModel

from app.packaging.models import Term, UnitWeight


class TermShown(BaseModel):
    """A word of a vocabulary: a stable slug and its Chinese name."""

    slug: str
    name: str

    @classmethod
    def of(cls, term: Term) -> Self:
        """Return a word."""
        return cls.model_validate(term, from_attributes=True)


class TermPage(BaseModel):
    """A page of words in their own order."""

    items: list[TermShown]
    next_cursor: str | None


class UnitWeightShown(BaseModel):
    """Mean mass of one empty piece (单件空包装重), in milligrams, and where it comes from."""

    material: str
    form: str
    size: str
    weight_mg: int
    source: str

    @classmethod
    def of(cls, weight: UnitWeight) -> Self:
        """Return a unit weight."""
        return cls.model_validate(weight, from_attributes=True)


class UnitWeightPage(BaseModel):
    """A page of the version in force; `version` is null before the first."""

    version: int | None
    valid_from: date | None
    items: list[UnitWeightShown]
    next_cursor: str | None
