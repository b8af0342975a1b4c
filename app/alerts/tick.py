"""The hourly tick: what only silence shows comes to light though no leaf comes."""

import asyncio
from datetime import UTC, datetime, timedelta

from app.alerts.follow import tick
from app.db import Database, is_away
from app.logging import log

EVERY_S = 3_600.0
SOON_S = 60.0
"""Where leaves were still to be judged, or after a fault."""
SETTLED = timedelta(minutes=2)
"""What was recorded this long ago is committed: no request lives so long. Only that is judged."""


async def keep_ticking(database: Database) -> None:
    """Judge silence every hour until cancelled; a database that is away is waited for."""
    while True:
        try:
            done = await tick(database, datetime.now(UTC) - SETTLED)
        except Exception as error:  # noqa: BLE001  one bad turn must not end the loop
            done = False
            if not is_away(error):
                log.exception("alerts: tick failed")
        await asyncio.sleep(EVERY_S if done else SOON_S)
