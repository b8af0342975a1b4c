"""Slips and their corrections: weights that were mistyped, steps that did not occur. model.md, Correction.

A slip is small, one wrong digit, so that a calm season stays calm; gross ones are planted.
"""

from datetime import datetime, timedelta
from typing import Any

from app.demo.actions import Event
from app.demo.diary import Diary
from app.demo.world import Site

MOST_OFF = 0.035
"""How far off a mistyped weight is at most, as a share of the right one."""


def mistype_seal(
    diary: Diary, account: str, site: Site, at: datetime, line: Event, contents: dict[str, Any]
) -> None:
    """Seal a bag at a mistyped weight; the county puts it right when the point asks it to."""
    wrong = _mistyped(diary, line)
    noted = diary.note(account, at, site, "collect", batches=[wrong], **contents)
    corrected_at = diary.between(_midnight(at) + timedelta(days=diary.rng.randint(2, 6)), 9, 17)
    put_right(diary, f"county-{diary.county}", corrected_at, site, noted, [line])


def mistype_arrival(
    diary: Diary, account: str, site: Site, at: datetime, lines: list[Event], **body: Any
) -> None:
    """Receive bags, one at a mistyped weight; the keeper notices it the same day."""
    slip = diary.rng.randrange(len(lines))
    wrong = [_mistyped(diary, line) if n == slip else line for n, line in enumerate(lines)]
    noted = diary.note(account, at, site, "arrive", batches=wrong, **body)
    put_right(diary, account, diary.later(at, 60, 300), site, noted, lines)


def store_by_mistake(
    diary: Diary, account: str, site: Site, at: datetime, lines: list[Event]
) -> None:
    """Store bags that stand in store already, and take that back some minutes later."""
    noted = diary.note(account, at, site, "store", batches=lines)
    if noted:
        diary.note(
            account,
            diary.later(at, 5, 15),
            site,
            "correct",
            corrects=noted["id"],
            reason="did_not_occur",
            note="点错了，货早已入库",
        )


def put_right(
    diary: Diary,
    account: str,
    at: datetime,
    site: Site,
    noted: Event | None,
    lines: list[Event],
) -> Event | None:
    """Correct the masses of an event that was noted; None after the season's end."""
    if noted is None:
        return None
    replacement = {key: value for key, value in noted.items() if key != "id"} | {"batches": lines}
    return diary.note(
        account,
        at,
        site,
        "correct",
        corrects=noted["id"],
        reason="incorrect_data",
        replacement=replacement,
        note="重量输错，按磅单更正",
    )


def _mistyped(diary: Diary, line: Event) -> Event:
    """Return a line whose mass has one digit wrong."""
    mass_g = line["mass_g"]
    most = max(1, round(mass_g * MOST_OFF / 10))
    off_g = 10 * diary.rng.randint(max(1, most // 2), most) * diary.rng.choice((-1, 1))
    return {"code": line["code"], "mass_g": mass_g + off_g, "mass_source": "weighed"}


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
