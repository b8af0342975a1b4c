"""One run: start both servers, let phones write, kill, wait for quiet, judge."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from random import Random

import asyncpg

from scripts.crashes import ask, judge
from scripts.crashes.evidence import Evidence
from scripts.crashes.phones import Ground, Phone, Watcher
from scripts.crashes.servers import HarnessFault, Platform, Postgres
from scripts.crashes.stored import read_stored
from scripts.crashes.world import load

TURN_SECONDS = 0.02
SHOW_SECONDS = 2.0
DOWN_SECONDS = 1.0
"""Most that a killed server stays away before it is started again."""
BEFORE_A_KILL_SECONDS = 0.5
FIRST_START_SECONDS = 120
QUIET_SECONDS = 90
"""How long phones may take to end their work, and the log to be published to its end."""
QUIET_UNSAFE_SECONDS = 10
"""There the signer refuses, once what it signed is lost."""

Show = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is to happen."""

    events: int
    kills: int
    writers: int
    unsafe: bool
    seed: int


class Victim:
    """A server and the moments at which it is killed: counts of acknowledged events."""

    def __init__(self, server: Platform | Postgres, plan: Plan, rng: Random) -> None:
        self.server = server
        self.kills = 0
        self.ended_by_itself = 0
        self._rng = rng
        # Spread over the run, but not so late that the run is over before it has come back.
        self._moments = deque(
            sorted(round(rng.uniform(0.02, 0.95) * plan.events) for _ in range(plan.kills))
        )
        self._kill_at: float | None = None
        self._start_at: float | None = None
        self._was_up = True

    @property
    def done(self) -> bool:
        """Whether it was killed as often as was planned and answers again."""
        return not self._moments and self._kill_at is None and self.server.up

    def tend(self, acknowledged: int) -> None:
        """Do what is due now: kill it, or start it again."""
        now = time.monotonic()
        if self._start_at is not None:
            if now >= self._start_at:
                self._start_at = None
                self._was_up = False
                self.server.start()
        elif not self.server.alive:
            # The platform ends by itself where it is started while the database is away.
            self.ended_by_itself += self._was_up
            self._start_at = now + self._rng.uniform(0, DOWN_SECONDS)
        elif self.server.up:
            self._was_up = True
            self._kill_in_time(now, acknowledged)

    def _kill_in_time(self, now: float, acknowledged: int) -> None:
        if self._kill_at is not None:
            if now >= self._kill_at:
                self._kill_at = None
                self.server.kill()
                self.kills += 1
                self._start_at = now + self._rng.uniform(0, DOWN_SECONDS)
        elif self._moments and acknowledged >= self._moments[0]:
            self._moments.popleft()
            self._kill_at = now + self._rng.uniform(0, BEFORE_A_KILL_SECONDS)


class Run:
    """A run in a folder; `close` stops whatever it started."""

    def __init__(self, plan: Plan, folder: Path, show: Show) -> None:
        self.plan = plan
        self.evidence = Evidence()
        self.seconds = 0.0
        self._folder = folder
        self._show = show
        self._rng = Random(plan.seed)  # noqa: S311  it chooses moments, not secrets
        self._postgres = Postgres(folder / "postgres")
        self._platform: Platform | None = None
        self._enough, self._give_up = threading.Event(), threading.Event()
        self.victims: list[Victim] = []

    def close(self) -> None:
        """Stop both servers and all threads."""
        self._enough.set()
        self._give_up.set()
        if self._platform is not None:
            self._platform.stop()
        self._postgres.stop()

    def prepare(self) -> Ground:
        """Start both servers on an empty database and load what recording needs."""
        plan = self.plan
        self._show("启动数据库和平台…… / starting")
        self._postgres.start()
        platform = self._platform = Platform(self._folder, self._postgres)
        platform.start()
        self._wait_for_answer(platform)
        self._show("装入站点、账号和标签…… / loading sites, accounts and labels")
        labels = plan.events + 60 * plan.writers
        seats, codes = asyncio.run(load(self._postgres.url("app"), plan.writers, labels))
        if plan.unsafe:
            self._make_unsafe(platform)
        ground = Ground(
            platform.port,
            self.evidence,
            deque(codes),
            {seat.site: SimpleQueue() for seat in seats if seat.station is None},
            self._enough,
            self._give_up,
        )
        self._phones = [
            Phone(ground, seat, Random(f"{plan.seed}/{seat.site}"))  # noqa: S311
            for seat in seats
        ]
        self._watcher = Watcher(ground, platform.ask)
        self.victims = [
            Victim(server, plan, Random(f"{plan.seed}/{server.name}"))  # noqa: S311
            for server in (platform, self._postgres)
        ]
        return ground

    def _wait_for_answer(self, platform: Platform) -> None:
        deadline = time.monotonic() + FIRST_START_SECONDS
        while not platform.up:
            if not platform.alive or time.monotonic() > deadline:
                raise HarnessFault(
                    f"平台没有启动 / the platform did not start: {platform.last_words}"
                )
            time.sleep(TURN_SECONDS)

    def _make_unsafe(self, platform: Platform) -> None:
        """Let PostgreSQL acknowledge what it has not written; the platform then says 503 at /readyz."""
        asyncio.run(
            _execute(
                self._postgres.url("owner"), "ALTER DATABASE platform SET synchronous_commit = off"
            )
        )
        self._postgres.keep_changes_in_memory()
        platform.stop()
        self._postgres.stop()
        self._postgres.start()
        platform.start()
        self._wait_for_answer(platform)
        status, _ = platform.ask("/readyz")
        if status != HTTPStatus.SERVICE_UNAVAILABLE:
            raise HarnessFault(f"/readyz 应为 503 / should be 503: {status}")

    def write_and_kill(self) -> None:
        """Let the phones write until there are enough events and kills, then let them end."""
        begun = shown = time.monotonic()
        self.evidence.begin()
        for thread in (*self._phones, self._watcher):
            thread.start()
        while any(phone.is_alive() for phone in self._phones):
            self._tend()
            now = time.monotonic()
            if now - shown >= SHOW_SECONDS:
                shown = now
                self._show(self._progress())
            if not self._enough.is_set() and self._has_enough():
                self._enough.set()
                self._show("够了，等各端收尾…… / enough, letting them end")
                deadline = now + QUIET_SECONDS
            if self._enough.is_set() and now > deadline:
                break
            time.sleep(TURN_SECONDS)
        self.seconds = time.monotonic() - begun
        self._show(self._progress())

    def _tend(self) -> None:
        for victim in self.victims:
            victim.tend(len(self.evidence.promises))

    def _has_enough(self) -> bool:
        acknowledged = len(self.evidence.promises)
        return acknowledged >= self.plan.events and all(victim.done for victim in self.victims)

    def _progress(self) -> str:
        platform, postgres = self.victims
        return (
            f"已确认 {len(self.evidence.promises):,} / {self.plan.events:,} 条，"
            f"杀掉平台 {platform.kills} 次、数据库 {postgres.kills} 次，"
            f"见到日志头 {len(self.evidence.checkpoints)} 个"
        )

    def settle(self) -> None:
        """Wait until every event has its place and the newest checkpoint holds them all."""
        self._show("等日志全部公布…… / waiting for the last checkpoint")
        platform = self._platform
        assert platform is not None
        patience = QUIET_UNSAFE_SECONDS if self.plan.unsafe else QUIET_SECONDS
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self._tend()
            if platform.up and self._postgres.up:
                waiting, leaves = asyncio.run(_sizes(self._postgres.url("app")))
                if not waiting and ask.published_size(platform) == leaves:
                    break
                if waiting + leaves < len(self.evidence.promises):
                    break  # some are lost: what the signer signed is not there, and it refuses
            time.sleep(0.2)
        # The watcher, too, sees the last one.
        status, note = platform.ask("/log/checkpoint")
        if status == HTTPStatus.OK:
            self.evidence.saw(note.decode())
        self._give_up.set()
        self._watcher.join()

    def judge(self) -> Iterator[str]:
        """Yield every fault, the worst first."""
        self._show("逐条核对…… / checking")
        evidence, platform = self.evidence, self._platform
        assert platform is not None
        stored = asyncio.run(read_stored(self._postgres.url("owner")))
        keys = ask.checkpoint_keys(platform)
        if len(evidence.promises) < self.plan.events:
            yield f"events: only {len(evidence.promises)} of {self.plan.events} were acknowledged"
        for victim in self.victims:
            if victim.kills < self.plan.kills:
                yield f"kills: {victim.server.name} only {victim.kills} of {self.plan.kills}"
        yield from judge.judge_log(evidence, stored)
        yield from chain(
            (
                f"died: {victim.server.name} ended by itself {victim.ended_by_itself} times"
                for victim in self.victims
                if victim.ended_by_itself
            ),
            judge.judge_checkpoints(
                evidence, stored, keys, lambda old, new: ask.consistency(platform, old, new)
            ),
            judge.judge_receipts(evidence, ask.receipt_keys(platform)),
            ask.judge_proofs(platform, evidence, keys, self._rng),
        )
        if not self.plan.unsafe:
            yield from ask.judge_readiness(platform)
        yield from ask.judge_export(platform)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _sizes(url: str) -> tuple[int, int]:
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM unsequenced), (SELECT count(*) FROM leaf)"
        )
    finally:
        await connection.close()
    return int(row[0]), int(row[1])
