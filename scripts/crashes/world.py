"""What the platform must know before anybody can record: sites, accounts, sessions, labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from app.auth.accounts import NewAccount, create_account
from app.auth.models import Account
from app.auth.sessions import COOKIE, open_session
from app.batches.issue import issue_labels
from app.db import Database, WriteSession
from app.ids import SYSTEM, uuid7
from app.ops.installation import SYSTEM_CALLER
from app.parties.credit import normalise_credit_code
from app.parties.models import Organisation, Site, Vehicle
from app.parties.plates import normalise_plate

COUNTY = "130110"
OPERATOR = normalise_credit_code("91130110MA0000002L")
PLATE = normalise_plate("冀A12345")
SESSION_HOURS = 12
POINTS_A_STATION = 3


@dataclass(frozen=True)
class Seat:
    """Where a writer sits: its site, its session, and for a point the station it sends bags to."""

    site: str
    cookie: str
    station: str | None


async def load(url: str, writers: int, labels: int) -> tuple[list[Seat], list[str]]:
    """Add so many sites with a person at each, and labels; return their seats and the codes."""
    database = Database(url)
    try:
        async with database.write() as session:
            session.add(
                Organisation(
                    credit_code=OPERATOR,
                    name="鹿泉农资公司",
                    pinyin="luquan",
                    kind="company",
                    county=COUNTY,
                )
            )
            await session.flush()
            session.add(Vehicle(plate=PLATE, organisation=OPERATOR))
            places = list(_places(writers))
            session.add_all(_site(code) for code, _ in places)
            await session.flush()
            seats = [Seat(code, await _sign_in(session, code), to) for code, to in places]
            _, codes = await issue_labels(
                session,
                county=COUNTY,
                kind="bag",
                count=labels,
                site=None,
                by=SYSTEM_CALLER,
                # A minute ago: an event never lies before its label.
                now=datetime.now(UTC) - timedelta(minutes=1),
                rng=SYSTEM,
            )
        return seats, codes
    finally:
        await database.close()


def _places(writers: int) -> Iterator[tuple[str, str | None]]:
    """Yield the sites: after each station the points that send to it."""
    for number in range(writers):
        station, point = divmod(number, POINTS_A_STATION + 1)
        home = f"{COUNTY}-S{station + 1:04}"
        yield (f"{COUNTY}-P{number:04}", home) if point else (home, None)


def _site(code: str) -> Site:
    return Site(
        code=code,
        kind=code[7],
        name=code,
        county=COUNTY,
        township="铜冶镇",
        lat=38.0,
        lon=114.5,
        operator=OPERATOR,
        opened_on=date(2024, 1, 1),
    )


async def _sign_in(session: WriteSession, site: str) -> str:
    now = datetime.now(UTC)
    account = NewAccount(
        username=site.lower(),
        display_name=site,
        role="keeper" if site[7] == "S" else "collector",
        area=COUNTY,
        site=site,
    )
    await create_account(session, account, id=uuid7(SYSTEM, now), now=now)
    made = await session.scalar(select(Account.id).where(Account.username == site.lower()))
    assert made is not None
    return f"{COOKIE}={await open_session(session, made, now=now, hours=SESSION_HOURS)}"
