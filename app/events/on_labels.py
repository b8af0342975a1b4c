"""What the labels that an event names allow, and which containers it acts on. Pure."""

from collections.abc import Mapping
from datetime import datetime

from app.batches.errors import LabelNotIssued
from app.events.errors import (
    ContainerInContainer,
    LabelIsABag,
    LabelIsAContainer,
    LabelIsVoid,
    NetNotPositive,
    TareUnknown,
)
from app.events.facts import Facts, Known
from app.events.parse import Item
from app.events.parts import BatchRef, Weighed
from app.events.schemas import Arrive, Draft, Pack, Together, Unpack
from app.events.state import State


def issued_of(item: Item, facts: Facts) -> datetime | None:
    """Return when the last of an item's labels was issued."""
    return max((facts.labels[code].issued_at for code in item.named), default=None)


def check_labels(item: Item, facts: Facts) -> None:
    """Raise where a code is not issued, is void, or is of the wrong kind for its place.

    A label that was used before, or while, it was voided is a bag: that stays.
    """
    assert item.draft is not None
    for code, pointer in item.pointers.items():
        label = facts.labels.get(code)
        if label is None:
            raise LabelNotIssued(batch=code, pointer=pointer)
        if label.void and code not in facts.known:
            raise LabelIsVoid(batch=code, pointer=pointer)
        if code not in facts.known:
            facts.known[code] = Known(
                label.facts, State(), exists=False, seen_by=set(), kind=label.kind
            )
            facts.shelf.open(code)
    draft = item.draft
    for text, pointer in _as_containers(draft):
        if facts.labels[item.codes[text]].kind != "container":
            raise LabelIsABag(batch=item.codes[text], pointer=pointer)
    if isinstance(draft, Together) and draft.event_kind not in ("pack", "unpack"):
        return
    fields = ("batches", "inputs", "outputs")
    for ref in (ref for field in fields for ref in getattr(draft, field, ())):
        code = item.codes[ref.code]
        if facts.labels[code].kind != "bag":
            wrong = ContainerInContainer if isinstance(draft, Pack) else LabelIsAContainer
            raise wrong(batch=code, pointer=item.pointers[code])


def _as_containers(draft: Draft) -> list[tuple[str, str]]:
    """Return the codes that stand where only a container can, each with its pointer."""
    found = [(draft.container, "/container")] if isinstance(draft, Pack | Unpack) else []
    if isinstance(draft, Together) and draft.weighed:
        found.append((draft.weighed.container, "/weighed/container"))
    return found


def containers_of(item: Item, facts: Facts, tares: Mapping[str, int]) -> dict[str, int | None]:
    """Return the containers that an event acts on, with net grams where one was weighed.

    `tares` are those by which the event that it replaces was weighed: a label's may be another by
    now. Raises TareUnknown, NetNotPositive.
    """
    draft = item.draft
    if not isinstance(draft, Together):
        return {}
    found: dict[str, int | None] = {}
    for ref in draft.batches:
        code = item.codes[ref.code]
        if facts.labels[code].kind != "container":
            continue
        if ref.gross_g is None or ref.mass_source == "carried":
            found[code] = None if ref.mass_source == "carried" else ref.mass_g
        else:
            place = item.pointers[code].removesuffix("/code")
            found[code] = _net(ref, tares.get(code, facts.labels[code].tare_g), code, place)
    if isinstance(draft, Arrive):
        for exception in draft.exceptions or ():
            code = item.codes[exception.code]
            if facts.labels[code].kind == "container":
                found.setdefault(code, None)
    if draft.weighed:
        code = item.codes[draft.weighed.container]
        tare_g = tares.get(code, facts.labels[code].tare_g)
        found[code] = _net(draft.weighed, tare_g, code, "/weighed")
    return found


def _net(said: BatchRef | Weighed, known_g: int | None, code: str, place: str) -> int:
    gross_g, tare_g = said.gross_g, known_g if said.tare_g is None else said.tare_g
    assert gross_g is not None
    if tare_g is None:
        raise TareUnknown(batch=code, pointer=f"{place}/tare_g")
    if gross_g <= tare_g:
        raise NetNotPositive(batch=code, tare_g=tare_g, pointer=f"{place}/gross_g")
    return gross_g - tare_g
