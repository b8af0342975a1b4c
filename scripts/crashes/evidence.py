"""What clients keep while the platform is being killed: what they were promised, and what they saw."""

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Promise:
    """An acknowledged event: a 2xx said that it is kept."""

    event: str
    leaf_hash: str
    receipt: str | None
    codes: tuple[str, ...]


@dataclass
class Evidence:
    """All that is known outside the platform. Threads write to it through its methods alone."""

    promises: dict[str, Promise] = field(default_factory=dict)
    in_doubt: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Sent and not answered yet, with the batches named."""
    accounts: dict[str, Counter[str]] = field(default_factory=dict)
    """Net grams by account of each batch, as its acknowledged events say."""
    checkpoints: list[str] = field(default_factory=list)
    """Every note that was served, once each, in the order in which it was first seen."""
    refused: list[str] = field(default_factory=list)
    """Honest events that the platform refused, with its words."""
    repeated: int = 0
    """Events that were there already when they were sent again: their first answer was lost."""
    trouble: Counter[str] = field(default_factory=Counter)
    """Answers that were none, by what came instead."""
    longest_outage_s: float = 0.0
    _last_answer: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Note that phones begin now."""
        self._last_answer = time.monotonic()

    def sent(self, event: str, codes: Iterable[str]) -> None:
        """Note that an event is about to be sent."""
        with self._lock:
            self.in_doubt[event] = tuple(codes)

    def acknowledged(self, answer: dict[str, str], *, repeated: bool) -> None:
        """Note an event as it was answered with a 2xx; `repeated`: as one that was there already."""
        event = answer["id"]
        with self._lock:
            self.repeated += repeated
            promise = Promise(
                event, answer["leaf_hash"], answer.get("receipt"), self.in_doubt.pop(event)
            )
            self.promises[event] = promise
            now = time.monotonic()
            self.longest_outage_s = max(self.longest_outage_s, now - self._last_answer)
            self._last_answer = now

    def moved(self, code: str, grams: int, source: str, target: str) -> None:
        """Note that mass of a batch went from one account to another."""
        with self._lock:
            account = self.accounts.setdefault(code, Counter())
            account[source] -= grams
            account[target] += grams

    def refusal(self, event: str, why: str) -> None:
        """Note that an honest event was refused for good."""
        with self._lock:
            codes = self.in_doubt.pop(event, ())
            self.refused.append(f"{event} {' '.join(codes[:3])}: {why}")

    def troubled(self, what: str) -> None:
        """Note that a request had no answer that says anything of its events."""
        with self._lock:
            self.trouble[what] += 1

    def saw(self, note: str) -> None:
        """Note a checkpoint that was served."""
        with self._lock:
            if note not in self.checkpoints:
                self.checkpoints.append(note)
