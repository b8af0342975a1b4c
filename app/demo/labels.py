"""Rolls of unused labels at points and stations: of bags, and of pallets with their tare."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from app.demo.diary import Diary
from app.demo.world import Site


@dataclass
class Roll:
    """Unused labels of one kind at a site; a new roll of `size` comes when `few` are left."""

    site: Site
    size: int
    few: int
    kind: str = "bag"
    tare_g: int | None = None
    codes: deque[str] = field(default_factory=deque)

    def refill(self, diary: Diary, day: datetime) -> None:
        """Get a new roll on the evening before a day, where few labels are left."""
        if len(self.codes) < self.few:
            at = diary.between(day, -8, -7)
            self.codes.extend(diary.issue(self.site, at, self.size, self.kind, self.tare_g))

    def take(self) -> str:
        """Take the next label."""
        return self.codes.popleft()
