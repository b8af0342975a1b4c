"""Bags whose mass is not booked as it is due, all said and done.

What an event booked on a state that somebody had changed is cured by correcting it: no leaf is
altered by that, but the books are right again.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.postings import outstanding
from app.events.shelf import Lacking, Shelf, settled, tied
from app.events.taking import Conflict
from app.events.together import fold_together
from app.rebuild.difference import Difference, Found
from app.rebuild.replay import Replay

BEFORE_ALL = (0, 0, 0, "")
"""Comes before any step of a story."""


async def unsettled(session: AsyncSession, replay: Replay) -> list[Found]:
    """Return what is due and not booked, or booked and not due, of the bags under suspicion."""
    found: list[Difference] = []
    for code in sorted(replay.suspect):
        replay.shelf = Shelf()
        await replay.open_whole(session, [code])
        if replay.bags.known[code].kind == "bag":
            found += await _unbooked(session, replay, code)
    return [Found(len(found), found[0], beyond_repair=True)] if found else []


async def _unbooked(session: AsyncSession, replay: Replay, code: str) -> list[Difference]:
    while True:
        try:
            whole = tied(replay.shelf, {code: BEFORE_ALL})
            break
        except Lacking as lacking:
            await replay.open_whole(session, lacking.codes)
    known = {code: replay.bags.known[code] for code in whole.since}
    stories = {
        code: settled(code, replay.shelf.story(code), one.booked, shared=whole.shared)
        for code, one in known.items()
    }
    folded = fold_together({code: one.label for code, one in known.items()}, stories)
    key = f"batch_code={code}"
    if isinstance(folded, Conflict):
        words = f"{folded.batch}: {folded.rule} ({folded.step})"
        return [Difference("posting", key, "batch_code", code, words)]
    return [
        Difference("posting", key, None, None, str(one))
        for one in outstanding(folded[code].transfers, known[code].booked)
    ]
