"""Tables of postings (append-only) and of the flows that a follower adds up from them."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base

TO_SITE, FROM_SITE = "starts_with(to_account, 'site/')", "starts_with(from_account, 'site/')"
TO_TRIP, FROM_TRIP = "starts_with(to_account, 'transit/')", "starts_with(from_account, 'transit/')"
_TOUCHED = "\nCASE\n    WHEN {} THEN to_account\n    ELSE from_account\nEND"
"""Line by line as PostgreSQL prints it: the check of migrations compares texts."""
SITE_TOUCHED = _TOUCHED.format(TO_SITE)
"""The site's account that a posting touches; of a transfer between two sites the one that takes."""
TRIP_TOUCHED = _TOUCHED.format(TO_TRIP)
TOUCHES_SITE, TOUCHES_TRIP = f"{TO_SITE} OR {FROM_SITE}", f"{TO_TRIP} OR {FROM_TRIP}"
BETWEEN_SITES = f"{TO_SITE} AND {FROM_SITE}"
LOST_ON_TRIP = f"({TOUCHES_TRIP}) AND NOT ({TOUCHES_SITE})"
"""What goes off a trip, or comes onto it, at no site: a bag written off on its way."""


class Posting(Base):
    """One transfer of mass between two accounts; model.md, Postings.

    `cause` is the event that booked it, `about` the step concerned, `origin` is
    `<county>/<scope>`, `place` the county where an account that is not a site counts.
    """

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("mass_g > 0", name="mass_positive"),
        CheckConstraint("from_account <> to_account", name="two_accounts"),
        Index("ix_posting_cause", "cause"),
        # One entry a posting finds both accounts of nearly all: two indexes by account took twice
        # the room and time. The last two hold next to nothing.
        Index(
            "ix_posting_site",
            text(f"({SITE_TOUCHED})"),
            "occurred_on",
            postgresql_where=text(TOUCHES_SITE),
        ),
        Index(
            "ix_posting_trip",
            "place",
            text(f"({TRIP_TOUCHED})"),
            postgresql_where=text(TOUCHES_TRIP),
        ),
        Index(
            "ix_posting_between_sites",
            "from_account",
            "occurred_on",
            postgresql_where=text(BETWEEN_SITES),
        ),
        Index(
            "ix_posting_lost_on_trip",
            "place",
            "occurred_on",
            postgresql_where=text(LOST_ON_TRIP),
        ),
    )

    batch_code: Mapped[str] = mapped_column(primary_key=True)
    cause: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[UUID]
    origin: Mapped[str]
    from_account: Mapped[str]
    to_account: Mapped[str]
    place: Mapped[str]
    mass_g: Mapped[int]
    occurred_on: Mapped[date]


class SiteFlow(Base):
    """What a site took in and gave out on a day, by counter account; signed through rebookings."""

    __tablename__ = "site_flow"

    site: Mapped[str] = mapped_column(primary_key=True)
    occurred_on: Mapped[date] = mapped_column(primary_key=True)
    counter: Mapped[str] = mapped_column(primary_key=True)
    in_g: Mapped[int]
    out_g: Mapped[int]


class CountyFlow(Base):
    """What moved on a day between account classes, by origin and by the two counties concerned."""

    __tablename__ = "county_flow"
    __table_args__ = (
        Index("ix_county_flow_from_place", "from_place", "occurred_on"),
        Index("ix_county_flow_to_place", "to_place", "occurred_on"),
    )

    origin_county: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    occurred_on: Mapped[date] = mapped_column(primary_key=True)
    from_class: Mapped[str] = mapped_column(primary_key=True)
    from_place: Mapped[str] = mapped_column(primary_key=True)
    to_class: Mapped[str] = mapped_column(primary_key=True)
    to_place: Mapped[str] = mapped_column(primary_key=True)
    mass_g: Mapped[int]
