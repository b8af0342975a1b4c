"""Rules of recording that do not depend on a bag's story: rights, times, places, permits. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.areas.scope import Reach
from app.auth.caller import OFFICIALS, SITE_ROLES, Caller
from app.auth.permissions import RIGHTS, require
from app.errors import Forbidden, NotFound
from app.events.errors import (
    KindNotForSite,
    PermitNotInForce,
    SiteClosed,
    TimeOutOfRange,
    UnitNotListed,
)
from app.events.schemas import Depart, Dispose, Draft
from app.ledger.leaf import utc
from app.trips import regime
from app.trips.policy import Policy
from app.trips.regime import Receiver

EARLIEST = datetime(2020, 9, 30, 16, tzinfo=UTC)
"""2020-10-01 in the province: the 办法 came into force."""
LATEST = datetime.max.replace(tzinfo=UTC)
TOLERANCE = timedelta(seconds=60)
PLANTS = frozenset("RILH")
METHOD_SITES = {"resource_use": "R", "incinerate": "I", "landfill": "L", "hazardous": "H"}
METHOD_PERMITS = {
    "incinerate": "discharge",
    "landfill": "discharge",
    "hazardous": "hazardous",
}
PERMIT_NAMES = {
    "discharge": ("排污许可证", "pollutant discharge permit"),
    "hazardous": ("危险废物经营许可证", "hazardous-waste licence"),
}
SITES_OF_KIND = {
    "hand_in": frozenset("P"), "collect": frozenset("PS"), "dispose": PLANTS,
    "deposit_sale": frozenset("P"),
}  # fmt: skip
INSPECTED = frozenset({"stock_count", "write_off"})
"""Kinds that officials record at the sites of their area."""


@dataclass(frozen=True)
class Span:
    """Days from `start` to `end`, both inclusive; open-ended where `end` is None."""

    start: date
    end: date | None = None

    def holds(self, day: date) -> bool:
        """Tell whether a day lies in the span."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True)
class SiteFacts:
    """What the rules need to know of a site."""

    code: str
    kind: str
    county: str
    township: str
    open: Span
    permits: tuple[tuple[str, Span], ...] = ()
    listed: tuple[Span, ...] = ()
    cement_kiln: bool = False
    operator: str = ""


@dataclass(frozen=True)
class Times:
    """`adjusted` is the client's clock put right; `effective` never lies before the label."""

    adjusted: datetime
    effective: datetime
    flags: tuple[str, ...] = ()


def times_of(
    occurred_at: datetime, sent_at: datetime | None, now: datetime, issued: datetime | None
) -> Times:
    """Put the client's clock right (model.md, Time) or raise TimeOutOfRange."""
    skew = now - sent_at if sent_at else timedelta(0)
    flags = []
    if abs(skew) <= TOLERANCE:
        skew = timedelta(0)
    else:
        flags.append("clock-skewed")
    if occurred_at < EARLIEST:
        raise TimeOutOfRange(
            occurred_at=utc(occurred_at),
            reason="早于 2020-10-01（管理办法施行之日）",
            reason_en="before 2020-10-01",
            pointer="/occurred_at",
        )
    adjusted = _shifted(occurred_at, skew)
    effective = max(adjusted, issued) if issued else adjusted
    if effective > now + TOLERANCE:
        raise TimeOutOfRange(
            occurred_at=utc(occurred_at),
            reason="在将来。请核对日期和时间，也看看手机时间准不准",
            reason_en="in the future",
            retry=True,  # it passes by itself: when that time has come
            pointer="/occurred_at",
        )
    if effective != adjusted:
        flags.append("before-label-issued")
    return Times(adjusted, effective, tuple(flags))


def _shifted(at: datetime, skew: timedelta) -> datetime:
    """Return a time put right, within what a leaf can say: a clock may be off by centuries."""
    try:
        return max(at + skew, EARLIEST)
    except OverflowError:
        return LATEST if skew > timedelta(0) else EARLIEST


def check_right(caller: Caller, draft: Draft, reach: Reach, site: "SiteFacts | None") -> None:
    """Raise where the caller may not record this at this site.

    Site roles act for their own site; another's looks absent to them, as one beyond their area
    does to officials.
    """
    require(caller, f"event.{draft.event_kind}")
    if caller.role in OFFICIALS and not (
        site and reach.holds_site(site.code, site.county, site.township)
    ):
        raise NotFound(what=draft.site, pointer="/site")
    if caller.role in SITE_ROLES and caller.site != draft.site:
        raise NotFound(what=draft.site, pointer="/site")


def check_vehicle(caller: Caller, draft: Draft, carriers: Mapping[str, str]) -> None:
    """Raise Forbidden where a driver would load a vehicle that another organisation runs.

    `carriers` are those of registered vehicles, by plate.
    """
    carrier = carriers.get(draft.vehicle) if isinstance(draft, Depart) else None
    if caller.role == "carrier" and (not carrier or carrier != caller.organisation):
        raise Forbidden(
            action=f"{RIGHTS['event.depart'].name}（车辆不属于本单位）",
            action_en="event.depart, with a vehicle of another organisation",
            pointer="/vehicle",
        )


def check_place(draft: Draft, site: SiteFacts, on: date) -> None:
    """Raise where the step cannot happen at such a site or on such a day."""
    allowed = SITES_OF_KIND.get(draft.event_kind)
    if allowed and site.kind not in allowed:
        raise KindNotForSite(
            site=site.code,
            step=RIGHTS[f"event.{draft.event_kind}"].name,
            step_en=draft.event_kind,
            reason="站点类别不符",
            pointer="/site",
        )
    if not site.open.holds(on):
        raise SiteClosed(site=site.code, on=on.isoformat(), pointer="/site")
    if isinstance(draft, Dispose):
        check_treatment(draft.method, site, on)


def check_treatment(method: str, site: SiteFacts, on: date) -> None:
    """Raise where a unit may not treat by a method that day (办法 Art 16, 排污许可, 危废许可)."""
    if METHOD_SITES[method] != site.kind:
        raise KindNotForSite(
            site=site.code,
            step="处理",
            step_en=method,
            reason="处理方式与单位类别不符",
            pointer="/method",
        )
    if method == "resource_use" and not any(span.holds(on) for span in site.listed):
        raise UnitNotListed(site=site.code, on=on.isoformat(), pointer="/site")
    needed = METHOD_PERMITS.get(method)
    if needed and not _permitted(site, needed, on):
        chinese, english = PERMIT_NAMES[needed]
        raise PermitNotInForce(
            site=site.code,
            on=on.isoformat(),
            permit=chinese,
            permit_en=english,
            pointer="/site",
        )


def _permitted(site: SiteFacts, kind: str, on: date) -> bool:
    return any(found == kind and span.holds(on) for found, span in site.permits)


def receiver_flags(site: SiteFacts | None, on: date) -> tuple[str, ...]:
    """Return what is wrong with a plant as receiver; at `depart` and `arrive` this only flags."""
    if site is None or site.kind not in PLANTS:
        return ()
    if site.kind == "R":
        fits = any(span.holds(on) for span in site.listed)
        return () if fits else ("receiver-not-listed",)
    needed = "hazardous" if site.kind == "H" else "discharge"
    return () if _permitted(site, needed, on) else ("receiver-permit-not-in-force",)


def regime_of(destination: SiteFacts, on: date, policy: Policy) -> str:
    """Return the regime of a load for a site on a day, under the policy of its origin's area."""
    receiver = Receiver(
        kind=destination.kind,
        listed=any(span.holds(on) for span in destination.listed),
        permitted=_permitted(destination, "discharge", on),
        cement_kiln=destination.cement_kiln,
    )
    return regime.regime_of(receiver, policy)


def destination_of(draft: Draft) -> str | None:
    """Return the site a departure goes to."""
    return draft.destination if isinstance(draft, Depart) else None
