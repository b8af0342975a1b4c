"""What truly happens in a county, noted on the devices of its people."""

from datetime import datetime, timedelta

from app.demo.actions import Event
from app.demo.phones import Device
from app.demo.world import Site, World, stream

QUIET = timedelta(hours=2)
"""Nothing happens in the last hours of the last day, so that late phones can still sync."""


class Diary:
    """One county's random numbers, moments and devices."""

    def __init__(
        self, world: World, county: str, devices: dict[str, Device], end: datetime
    ) -> None:
        self.world = world
        self.county = county
        self.devices = devices
        self.end = end
        self.rng = stream(world.seed, f"season/{county}")

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

    def note(self, account: str, at: datetime, site: Site, kind: str, **body: object) -> None:
        """Note an event that truly happens at a moment; the season's end cuts off what is after."""
        if at >= self.end - QUIET:
            return
        device = self.devices[account]
        event = {"kind": kind, "site": site.code, **body}
        if not device.office:
            event["position"] = self._position(site)
        device.note(at, event)

    def _position(self, site: Site) -> Event:
        return {
            "lat": round(site.lat + self.rng.gauss(0, 0.00012), 6),
            "lon": round(site.lon + self.rng.gauss(0, 0.00015), 6),
            "accuracy_m": self.rng.randint(5, 45),
        }
