"""What truly happens in a county, noted on the devices of its people."""

from datetime import datetime, timedelta

from app.batches.codes import RANDOM_BITS, make_code
from app.demo.actions import Event, LabelIssue
from app.demo.geo import Place
from app.demo.phones import Device
from app.demo.world import Site, World, stream
from app.ids import uuid7

QUIET = timedelta(hours=2)
"""Nothing happens in the last hours of the last day, so that late phones can still sync."""


class Diary:
    """One county's random numbers, moments, devices and label rolls."""

    def __init__(
        self, world: World, county: str, devices: dict[str, Device], end: datetime
    ) -> None:
        self.world = world
        self.county = county
        self.devices = devices
        self.end = end
        self.rng = stream(world.seed, f"season/{county}")
        self.issues: list[LabelIssue] = []
        self._codes: set[str] = set()

    def chance(self, share: float) -> bool:
        """Tell whether something happens that happens in this share of cases."""
        return self.rng.random() < share

    def between(self, day: datetime, earliest: float, latest: float) -> datetime:
        """Return a moment between two hours of a day, to the second."""
        return day + timedelta(seconds=round(self.rng.uniform(earliest, latest) * 3600))

    def later(self, at: datetime, least: float, most: float) -> datetime:
        """Return a moment some minutes later, to the second."""
        return at + timedelta(seconds=round(self.rng.uniform(least, most) * 60))

    def shown(self, true_g: float, scale: float, step_g: int) -> int:
        """Return what a scale shows: `scale` is its bias, `step_g` its division."""
        return max(1, round(true_g * scale * self.rng.gauss(1, 0.003) / step_g)) * step_g

    def issue(
        self, site: Site, at: datetime, count: int, kind: str = "bag", tare_g: int | None = None
    ) -> tuple[str, ...]:
        """Issue labels to a site and return their codes, none of which was issued before."""
        codes: list[str] = []
        while len(codes) < count:
            code = make_code(self.county, self.rng.getrandbits(RANDOM_BITS))
            if code not in self._codes:
                self._codes.add(code)
                codes.append(code)
        issue = LabelIssue(
            at,
            f"county-{self.county}",
            uuid7(self.rng, at),
            self.county,
            site.code,
            tuple(codes),
            kind,
            tare_g,
        )
        self.issues.append(issue)
        return issue.codes

    def note(
        self,
        account: str,
        at: datetime,
        site: Site,
        kind: str,
        *,
        told_at: datetime | None = None,
        place: Place | None = None,
        **body: object,
    ) -> Event | None:
        """Note an event that truly happens at a moment, and return it with its id.

        None after the season's end, which cuts off what is after. It is entered at once or at
        `told_at`; the phone is at the site, or at another `place`.
        """
        if max(at, told_at or at) >= self.end - QUIET:
            return None
        device = self.devices[account]
        event = {"kind": kind, "site": site.code, **body}
        if not device.office:
            event["position"] = self._position(place or site.place)
        return device.note(at, event, told_at)

    def _position(self, place: Place) -> Event:
        lat, lon = place
        return {
            "lat": round(lat + self.rng.gauss(0, 0.00012), 6),
            "lon": round(lon + self.rng.gauss(0, 0.00015), 6),
            "accuracy_m": self.rng.randint(5, 45),
        }
