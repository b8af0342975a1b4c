"""Correct an event: it did not occur, or its data were wrong. model.md, Correction.

A correction is not corrected; its replacement is, by naming that id. The author may for a day,
then the county. The replacement keeps the place of what it replaces.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.auth.caller import OFFICIALS, SITE_ROLES, Caller
from app.auth.permissions import require
from app.errors import DomainError, NotFound
from app.events.admit import admit
from app.events.correction_errors import (
    CorrectionNeedsTheCounty,
    CorrectionOfACorrection,
    EventAlreadyCorrected,
    EventNotFound,
    NotCorrectable,
    ReplacementDiffers,
)
from app.events.decide import NO_REACH
from app.events.effects import effects_of
from app.events.facts import Facts
from app.events.happening import Happening, codes_in, happening_of
from app.events.parse import Item
from app.events.rules import SiteFacts, times_of
from app.events.schemas import SHAPES
from app.events.sent import private_of, public_of, public_of_correction
from app.events.settle import Decision, Duplicate, Sealed, Source, settle, standing_under
from app.ledger.leaf import utc

FOR_THE_AUTHOR = timedelta(hours=24)
COUNTY_AND_ABOVE = OFFICIALS - {"township"}
"""Who corrects what others recorded."""


def decide_correction(
    item: Item, facts: Facts, caller: Caller, now: datetime, source: Source
) -> Decision | Duplicate:
    """Decide a correction or raise the DomainError that refuses it; `facts` then knows of it.

    Raises Lacking where whole stories are needed that are not loaded: always at the first try.
    """
    correct = item.correct
    assert correct is not None, "the caller looks"
    replaced = public_of(item.draft, item.codes) if item.draft else None
    public = public_of_correction(correct, replaced)
    private = private_of(correct) or {}
    inner = private_of(item.draft)
    if inner:
        private["replacement"] = inner
    standing = standing_under(facts, correct.id, public, private or None)
    if standing:
        return standing

    require(caller, "event.correct")
    target, recorded_at, actor = _target(facts, correct.corrects)
    if correct.occurred_at:
        times_of(correct.occurred_at, item.sent_at, now, None)
    site = _site_of(facts, caller, item, target)
    _check_author(caller, target, recorded_at, actor, now)
    by = facts.corrected.get(target.event)
    if by:  # told only to whoever may correct it: to others it looks absent
        raise EventAlreadyCorrected(event=target.event, by=by, pointer="/corrects")
    if correct.site and correct.site != site.code:
        raise ReplacementDiffers(
            reason="站点与被更正的登记不同", reason_en="the site is another", pointer="/site"
        )
    sealed = Sealed(public, private or None, source.salt() if private else None)
    found, stamps = None, None
    if item.draft and replaced:
        _check_same(item, target)
        try:
            found = admit(
                item, replaced, site, facts, caller=caller, now=now, source=source, replaces=target
            )
        except DomainError as error:
            raise error.within("/replacement") from None
        happening, acted = found.happening, found.acted
    else:
        stamps = _stamps(target, caller, now, site.county, source.nonce())
        happening, acted = None, effects_of(facts, None, target, item.pointers)
    effective_at = (happening.stamps if happening else target.stamps)["effective_at"]
    return settle(
        facts,
        sealed,
        happening,
        acted,
        stamps=stamps,
        codes=tuple(dict.fromkeys([*codes_in(target.body), *item.named])),
        caller=caller,
        now=now,
        site=site.code,
        occurred_at=correct.occurred_at or now,
        effective_at=datetime.fromisoformat(effective_at),
        trip=found.trip if found else None,
        opens=found.opens if found else None,
        takes_back=target,
    )


def _stamps(
    target: Happening, caller: Caller, now: datetime, county: str, nonce: str
) -> dict[str, Any]:
    """Return what the server says of a correction that only takes back."""
    return {
        "recorded_at": utc(now),
        "effective_at": target.stamps["effective_at"],
        "adjusted_at": target.stamps["adjusted_at"],
        "actor": str(caller.id),
        "role": caller.role,
        "county": county,
        "nonce": nonce,
        "root": target.root,
        "flags": [],
    }


def _target(facts: Facts, corrects: UUID) -> tuple[Happening, datetime, str]:
    """Return the event in force that is to be corrected, when it was recorded and by whom."""
    pointer = "/corrects"
    standing = facts.recorded.get(corrects)
    if standing is None:
        raise EventNotFound(event=str(corrects), retry=True, pointer=pointer)
    event, stamps = standing.parts["event"], standing.parts["stamps"]
    if event["kind"] not in (*SHAPES, "correct"):
        raise NotCorrectable(event=str(corrects), event_kind=event["kind"], pointer=pointer)
    target = happening_of(standing.parts)
    if target is None:
        raise CorrectionOfACorrection(event=str(corrects), pointer=pointer)
    return target, datetime.fromisoformat(stamps["recorded_at"]), stamps["actor"]


def _check_author(
    caller: Caller,
    target: Happening,
    recorded_at: datetime,
    actor: str,
    now: datetime,
) -> None:
    """Raise where somebody may not correct this; what is out of reach was looked at with the site."""
    own = str(caller.id) == actor
    if caller.role == "carrier" and not own:
        raise EventNotFound(event=target.event, retry=True, pointer="/corrects")
    if caller.role not in COUNTY_AND_ABOVE and not (own and now - recorded_at <= FOR_THE_AUTHOR):
        raise CorrectionNeedsTheCounty(event=target.event, pointer="/corrects")


def _site_of(facts: Facts, caller: Caller, item: Item, target: Happening) -> SiteFacts:
    """Return the site of the correction, in the caller's right to act; NotFound."""
    codes = {target.body["site"], item.draft.site if item.draft else target.body["site"]}
    reach = facts.reaches.get(caller.id, NO_REACH)
    for code in sorted(codes):
        site = facts.sites.get(code)
        mine = caller.role == "carrier" or (caller.role in SITE_ROLES and caller.site == code)
        if site is None or not (mine or reach.holds_site(site.code, site.county, site.township)):
            if code == target.body["site"]:
                raise EventNotFound(event=target.event, retry=True, pointer="/corrects")
            raise NotFound(what=code, pointer="/replacement/site")
    return facts.sites[item.draft.site if item.draft else target.body["site"]]


def _check_same(item: Item, target: Happening) -> None:
    """Raise where a replacement is of another kind or names other codes."""
    draft = item.draft
    assert draft is not None
    if draft.event_kind != target.kind:
        raise ReplacementDiffers(
            reason=f"原来是 {target.kind}",
            reason_en=f"it was {target.kind}",
            pointer="/replacement/kind",
        )
    # A bag may have been packed into another container than was scanned.
    named = set(item.named) - {item.codes.get(getattr(draft, "container", ""))}
    if named != set(codes_in(target.body)) - {target.body.get("container")}:
        raise ReplacementDiffers(
            reason="袋与原来不同", reason_en="it names other codes", pointer="/replacement"
        )


def needs(parts: dict[str, Any]) -> tuple[list[str], str | None]:
    """Return the codes and the site of an event that is to be corrected, to load and lock."""
    body = parts["event"].get("replacement", parts["event"])
    return codes_in(body), body.get("site")
