"""The moment that a reader of a page chose: a time in the province, or so many leaves of the log."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.custody.as_of import parse_as_of, size_as_of
from app.errors import InvalidQuery
from app.templating import SHANGHAI


@dataclass(frozen=True)
class Chosen:
    """`as_of` as other addresses take it, None for now; what was typed; what was wrong with it."""

    as_of: int | datetime | None
    at: str = ""
    leaves: str = ""
    error: str = ""

    @property
    def query(self) -> str:
        """Return it as it goes into an address; empty for now."""
        return self.leaves if isinstance(self.as_of, int) else self.at_offset

    @property
    def at_offset(self) -> str:
        """Return the instant with its offset, empty where there is none."""
        return self.as_of.isoformat() if isinstance(self.as_of, datetime) else ""

    async def sizes(self, session: AsyncSession) -> tuple[int, int | None]:
        """Return the log size that an answer rests on, and where to cut it: None for now."""
        size = await size_as_of(session, self.as_of)
        return size, None if self.as_of is None else size


async def chosen(
    session: AsyncSession, as_of: str | None, at: str = "", leaves: str = ""
) -> Chosen:
    """Read what was chosen: `as_of` of an address, else the fields of the page's form.

    What cannot be is told on the page, which then shows how things are now.
    """
    at, leaves = at.strip(), leaves.strip()
    # A browser's field of date and time leaves out the zone, and the seconds where they are 0.
    in_the_province = f"{at}{':00' * (len(at) == len('2026-05-01T08:00'))}+08:00" if at else ""
    given = as_of or leaves or in_the_province
    if not given:
        return Chosen(None)
    try:
        moment = parse_as_of(given)
        await size_as_of(session, moment)
    except InvalidQuery as error:
        return Chosen(None, at, leaves, error.words()[1])
    if isinstance(moment, int):
        return Chosen(moment, "", str(moment))
    return Chosen(moment, moment.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"))
