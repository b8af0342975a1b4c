"""The follower of alerts: leaves in, findings opened and closed. model.md, Followers: findings.

Judged are leaves in their order, in memory, from what stood before them; the database is read and
written by the part of a turn. What stands is a function of the leaves and of the instant up to
which silence has been judged, so a rebuild from leaf 0 ends with the same findings under the same
ids. What is no part of the log is taken as it is now: the register's sites and the reporting areas.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.bags import Bags
from app.alerts.booked import booked_by
from app.alerts.devices import Devices
from app.alerts.keep import clock_of, play_turns
from app.alerts.models import Finding
from app.alerts.months import beginning, month_after, months_between, points_open, silent
from app.alerts.movements import Movements
from app.alerts.rules.openings import Change, Turn
from app.alerts.running import RUNNING
from app.alerts.scene import Scene, place_of, scene_of
from app.alerts.sums import Sums
from app.alerts.thresholds import FOLLOWER, bounds_of, keep_defaults
from app.alerts.told import Told, in_parts, read_told
from app.alerts.touched import touch
from app.areas.read import today
from app.db import Database
from app.ledger.follow import Follow, LeafRow, cursor_of
from app.ledger.models import Unsequenced
from app.ledger.sequence import log_size

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 6962))")


async def apply(session: AsyncSession, leaves: Sequence[LeafRow]) -> None:
    """Judge leaves: at most some thousand bags at a time are held in memory."""
    await keep_defaults(session)
    for part in in_parts(await read_told(session, leaves)):
        await _judge(session, part)


async def _judge(session: AsyncSession, part: Sequence[Told]) -> None:
    clock = await clock_of(session) or part[0].recorded_at
    booked = await booked_by(session, [one.id for one in part])
    touched = await touch(session, part, booked)
    scene = await scene_of(session, part, touched, booked)
    bags = await Bags.load(session, scene, touched, booked)
    movements = await Movements.load(session, part, scene, booked)
    sums = await Sums.load(session, part, scene, booked)
    devices = await Devices.load(session, part, scene)
    judges = (bags, movements, sums, devices)
    turns: list[Turn] = []
    reached = clock
    for told in part:
        if told.recorded_at >= month_after(reached):
            # Who has told of the month by now is read from the database.
            await sums.save(session)
            turns += await _months(session, scene, reached, told.recorded_at)
        reached = max(reached, told.recorded_at)
        changes = [change for one in judges for change in one.judge(told)]
        turns.append(Turn(told.recorded_at, told.leaf_index, changes))
    for one in judges:
        await one.save(session)
    await play_turns(session, turns, clock=clock, size=part[0].leaf_index)


async def _months(
    session: AsyncSession, scene: Scene, after: datetime, until: datetime
) -> list[Turn]:
    """Return what each month that begins expects: that every point in season tells of it."""
    turns = []
    for month in months_between(after, until):
        changes = []
        for site in await points_open(session, month):
            scene.places.setdefault(site.code, place_of(site))
            mark = silent(scene, site.code, month, beginning(month))
            if mark:
                changes.append(Change(mark, stands=True))
        turns.append(Turn(beginning(month), None, changes))
    return turns


async def pass_time(session: AsyncSession, until: datetime) -> None:
    """Let silence be judged up to an instant, after the leaves that are judged already."""
    clock = await clock_of(session)
    if clock is None or until <= clock:
        return
    scene = Scene(await bounds_of(session, today()), {}, {})
    turns = await _months(session, scene, clock, until)
    size = await cursor_of(session, FOLLOWER)
    await play_turns(session, turns, clock=clock, size=size, until=until)


async def tick(database: Database, until: datetime) -> bool:
    """Judge silence up to an instant in one transaction; False where it is not yet the time.

    Only once every event is in the log and judged: what was recorded before `until` must not come
    after it. Shares the follower's lock, so any number of processes may tick.
    """
    async with database.write() as session:
        if not await session.scalar(_TRY_LOCK, {"name": FOLLOWER}):
            return False
        await keep_defaults(session)
        waits = await session.scalar(select(select(Unsequenced.seq).exists()))
        if waits or await cursor_of(session, FOLLOWER) < await log_size(session):
            return False
        await pass_time(session, until)
        return True


ALERTS = Follow(FOLLOWER, apply, (Finding, *RUNNING))
