"""How far a rebuild is, how long it has taken, and how long it may take still."""

import asyncio
import sys
import time
from collections.abc import Sequence

from app.rebuild.projections import Projection
from app.rebuild.work import Tell

EVERY_S = 1.0
"""Between two words at a terminal, where one line is written over."""
UNSEEN_EVERY_S = 10.0
"""The same where lines are kept."""


class Progress:
    """Parts with how many leaves of how many each has gone over."""

    def __init__(self, parts: Sequence[Projection]) -> None:
        self._parts = parts
        self._done: dict[str, tuple[int, int]] = {}
        self._begun = time.monotonic()

    def begin(self) -> None:
        """Begin, or begin again."""
        self._done.clear()
        self._begun = time.monotonic()

    def of(self, part: Projection) -> Tell:
        """Return where a part says how far it is."""

        def tell(done: int, total: int) -> None:
            self._done[part.name] = (done, total)

        return tell

    async def show(self) -> None:
        """Say it again and again, until cancelled."""
        seen = sys.stderr.isatty()
        while True:
            await asyncio.sleep(EVERY_S if seen else UNSEEN_EVERY_S)
            _write(self.line(), "\r" if seen else "\n")

    def end(self) -> None:
        """Say it for the last time."""
        _write(self.line(), "\n")

    def line(self) -> str:
        """Return how far all parts are, in one line."""
        parts = [
            f"{part.title} {done:,}/{total:,}"
            for part in self._parts
            for done, total in [self._done.get(part.name, (0, 0))]
        ]
        elapsed = time.monotonic() - self._begun
        return f"{' · '.join(parts)} · 已用 {_clock(elapsed)}{self._left(elapsed)}"

    def _left(self, elapsed: float) -> str:
        weighed = [
            (part.weight * done, part.weight * total)
            for part in self._parts
            for done, total in [self._done.get(part.name, (0, 0))]
        ]
        done, total = (sum(side) for side in zip(*weighed, strict=True))
        if not done or done >= total:
            return ""
        return f"，约剩 / left {_clock(elapsed * (total - done) / done)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def _write(line: str, end: str) -> None:
    sys.stderr.write(f"{line}{end}")
    sys.stderr.flush()
