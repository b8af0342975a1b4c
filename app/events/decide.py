"""Decide events in memory against what is known: pure but for the `Facts` it updates as it goes."""

from datetime import datetime

from app.areas.scope import Reach
from app.auth.caller import Caller
from app.events.admit import admit
from app.events.facts import Facts
from app.events.parse import Item
from app.events.rules import check_right
from app.events.sent import private_of, public_of
from app.events.settle import Decision, Duplicate, Sealed, Source, settle, standing_under

NO_REACH = Reach()


def decide(
    item: Item, facts: Facts, caller: Caller, now: datetime, source: Source
) -> Decision | Duplicate:
    """Decide one event or raise the DomainError that refuses it; `facts` then knows of it.

    Raises Lacking where it can only be decided against whole stories that are not loaded.
    """
    draft = item.draft
    assert draft is not None, "corrections are decided in correct.py"
    public = public_of(draft, item.codes)
    private = private_of(draft)
    standing = standing_under(facts, draft.id, public, private)
    if standing:
        return standing

    site = facts.sites.get(draft.site)
    check_right(caller, draft, facts.reaches.get(caller.id, NO_REACH), site)
    found = admit(item, public, site, facts, caller=caller, now=now, source=source)
    return settle(
        facts,
        Sealed(public, private, source.salt() if private else None),
        found.happening,
        found.acted,
        codes=item.named,
        caller=caller,
        now=now,
        site=draft.site,
        occurred_at=draft.occurred_at,
        effective_at=datetime.fromisoformat(found.happening.stamps["effective_at"]),
        trip=found.trip,
        opens=found.opens,
    )
