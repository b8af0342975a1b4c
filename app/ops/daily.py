"""What is done once a day, and at every start: any number of processes may do it.

Words of the plan that come into force today are made findable; what refused files held is
forgotten in time.
"""

import asyncio
from datetime import UTC, datetime, time, timedelta

from app.db import Database, is_away
from app.logging import log
from app.plan.index import index_plan
from app.registers.import_file import forget_old_cells
from app.templating import SHANGHAI

AFTER_MIDNIGHT = time(0, 1)
AFTER_A_FAULT_S = 60.0


async def do_daily(database: Database, now: datetime) -> None:
    """Do the day's work once, in one transaction."""
    async with database.write() as session:
        await index_plan(session)
        await forget_old_cells(session, now)


def pause_s(now: datetime) -> float:
    """Return the seconds until a minute after the next midnight in the province."""
    there = now.astimezone(SHANGHAI)
    tomorrow = datetime.combine(there.date() + timedelta(days=1), AFTER_MIDNIGHT, SHANGHAI)
    return (tomorrow - there).total_seconds()


async def keep_daily(database: Database) -> None:
    """Do the day's work every day until cancelled; a database that is away is waited for."""
    while True:
        try:
            await do_daily(database, datetime.now(UTC))
        except Exception as error:  # noqa: BLE001  one bad turn must not end the loop
            if not is_away(error):
                log.exception("daily work failed")
            await asyncio.sleep(AFTER_A_FAULT_S)
        else:
            await asyncio.sleep(pause_s(datetime.now(UTC)))
