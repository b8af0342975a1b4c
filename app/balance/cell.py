"""One cell of a balance: which side, which account on the other side, whose sites it is found at."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Text, and_, false, func, or_

from app.balance.postings import REPACK
from app.balance.subject import OfCounties, OfSite, OfTrip, Subject
from app.orm import among
from app.parties.models import Site

Side = Literal["in", "out"]


@dataclass(frozen=True)
class Cell:
    """`account` is a key of `in` or `out` in the answer to `/api/v1/balance`."""

    subject: Subject
    side: Side
    account: str

    @property
    def comes_in(self) -> bool:
        """Tell whether grams come in at the sites at which this cell is found."""
        return (self.side == "in") != self.found_at_receivers

    @property
    def found_at_receivers(self) -> bool:
        """Tell whether the sites of the other county know more than one's own.

        What left counties for a site of another came there from a site or a trip of theirs, and
        trips have no sites.
        """
        return isinstance(self.subject, OfCounties) and (self.side, self._kind) == ("out", "site")

    @property
    def lost_on_trips(self) -> bool:
        """Tell whether trips of the counties may have parts of this cell at no site."""
        return isinstance(self.subject, OfCounties) and self._kind not in ("site", "transit")

    def sites(self) -> ColumnElement[bool]:
        """Return which sites to look at; what goes through a repack is of no cell."""
        subject = self.subject
        if self.account == REPACK:
            return false()
        if isinstance(subject, OfSite):
            return Site.code == subject.site
        if isinstance(subject, OfTrip):
            return false()
        if self.found_at_receivers:
            return false() if self._inside else Site.county == self._rest
        return false() if self._inside else among(Site.county, subject.counties)

    def holds(self, other: Any, place: Any) -> ColumnElement[bool]:
        """Return whether a transfer is of this cell, by the other account and the place."""
        subject = self.subject
        if isinstance(subject, OfTrip | OfSite):
            by_trips = isinstance(subject, OfSite) and self.account == "transit"
            return _on_trip(other) if by_trips else _is(other, self.account)
        if self.found_at_receivers:
            return or_(
                and_(
                    _at_site(other), among(func.substr(other, 6, 6, type_=Text()), subject.counties)
                ),
                and_(_on_trip(other), among(place, subject.counties)),
            )
        if self._kind == "site":
            return and_(_at_site(other), func.substr(other, 6, 6, type_=Text()) == self._rest)
        if self._kind == "transit":
            return and_(_on_trip(other), place == self._rest)
        return _is(other, self.account)

    @property
    def _kind(self) -> str:
        return self.account.partition("/")[0]

    @property
    def _rest(self) -> str:
        return self.account.partition("/")[2]

    @property
    def _inside(self) -> bool:
        """Tell whether the other side is one of the counties themselves: that is no cell."""
        return (
            isinstance(self.subject, OfCounties)
            and self._kind in ("site", "transit")
            and self._rest in self.subject.counties
        )


def _is(other: Any, account: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = other == account
    return found


def _at_site(other: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.starts_with(other, "site/")
    return found


def _on_trip(other: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.starts_with(other, "transit/")
    return found
