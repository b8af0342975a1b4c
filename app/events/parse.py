"""From a body to a draft of its kind with parsed codes, or the problem that refuses it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.batches.typed import typed_code
from app.errors import InvalidBody
from app.events.errors import BatchTwice, RepackCycle, RepackDoesNotBalance
from app.events.schemas import KINDS, SHAPES, Arrive, Correct, Draft, Pack, Repack, Together, Unpack
from app.web import validate


@dataclass(frozen=True)
class Item:
    """One event of a request: its draft, its codes, the raw body that is kept if refused.

    Of a correction, `correct` is what was sent and `draft` its replacement, under its id.
    """

    draft: Draft | None
    codes: dict[str, str]
    """Codes as sent → as parsed."""
    pointers: dict[str, str]
    """Parsed codes → where in the body they stand first."""
    body: Any
    correct: Correct | None = None
    sent_at: datetime | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Every code, of bags and containers, each once, in the order of the body."""
        return tuple(self.pointers)

    @property
    def intent(self) -> Draft | Correct:
        """What has the event's id, device and note."""
        found = self.correct or self.draft
        assert found is not None, "an item is an event or a correction"
        return found


def read_item(body: Any, sent_at: datetime | None = None) -> Item:
    """Return a body as an item; InvalidBody names every place that does not fit."""
    kind = body.get("kind") if isinstance(body, dict) else None
    if kind == "correct":
        return _correction(validate(Correct, body), body, sent_at)
    return _item(_draft(body), body, sent_at=sent_at)


def _draft(body: Any, prefix: str = "") -> Draft:
    kind = body.get("kind") if isinstance(body, dict) else None
    shape = SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        if not isinstance(body, dict):
            raise InvalidBody.at(prefix, "应为对象", "must be an object")
        kinds = KINDS if not prefix else tuple(SHAPES)
        raise InvalidBody.at(
            f"{prefix}/kind",
            f"应为以下之一：{'、'.join(kinds)}",
            f"must be one of {', '.join(kinds)}",
        )
    return validate(shape, body, prefix)


def _correction(correct: Correct, body: Any, sent_at: datetime | None) -> Item:
    if correct.replacement is None:
        return Item(None, {}, {}, body, correct, sent_at)
    prefix = "/replacement"
    draft = _draft({**correct.replacement, "id": str(correct.id)}, prefix)
    return _item(draft, body, correct, sent_at, prefix)


def _item(
    draft: Draft,
    body: Any,
    correct: Correct | None = None,
    sent_at: datetime | None = None,
    prefix: str = "",
) -> Item:
    codes: dict[str, str] = {}
    pointers: dict[str, str] = {}
    groups: dict[str, set[str]] = {}
    for field, text, at in _typed(draft):
        pointer = f"{prefix}{at}"
        code = codes[text] = typed_code(text, pointer=pointer)
        if code in groups.setdefault(field, set()):
            raise BatchTwice(batch=code, pointer=pointer)
        groups[field].add(code)
        pointers.setdefault(code, pointer)
    if isinstance(draft, Arrive):
        _check_exceptions(draft, codes, groups.get("batches", set()), prefix)
    if isinstance(draft, Repack):
        _check_repack(draft, codes, groups, prefix)
    _check_weighed(draft, codes, groups, prefix)
    return Item(draft, codes, pointers, body, correct, sent_at)


def _typed(draft: Draft) -> Iterator[tuple[str, str, str]]:
    """Yield (field, code as sent, pointer) of everything that an event names."""
    for field in ("batches", "inputs", "outputs", "exceptions"):
        for n, ref in enumerate(getattr(draft, field, None) or ()):
            yield field, ref.code, f"/{field}/{n}/code"
    if isinstance(draft, Pack | Unpack):
        yield "container", draft.container, "/container"
    if isinstance(draft, Together) and draft.weighed:
        yield "weighed", draft.weighed.container, "/weighed/container"


def _check_exceptions(
    draft: Arrive, codes: dict[str, str], taken_in: set[str], prefix: str
) -> None:
    for n, exception in enumerate(draft.exceptions or []):
        code = codes[exception.code]
        if exception.outcome != "damaged" and code in taken_in:
            raise BatchTwice(batch=code, pointer=f"{prefix}/exceptions/{n}/code")


def _check_repack(
    draft: Repack, codes: dict[str, str], groups: dict[str, set[str]], prefix: str
) -> None:
    for n, output in enumerate(draft.outputs):
        if codes[output.code] in groups["inputs"]:
            raise RepackCycle(batch=codes[output.code], pointer=f"{prefix}/outputs/{n}/code")
    in_g = sum(ref.net_g or 0 for ref in draft.inputs)
    out_g = sum(ref.net_g or 0 for ref in draft.outputs)
    removed_g = sum(one.mass_g for one in draft.removed or ())
    if in_g != out_g + removed_g:
        raise RepackDoesNotBalance(
            in_g=in_g, out_g=out_g, removed_g=removed_g, pointer=f"{prefix}/outputs"
        )


def _check_weighed(
    draft: Draft, codes: dict[str, str], groups: dict[str, set[str]], prefix: str
) -> None:
    """Raise where a container is weighed that the event is not about."""
    about = groups.get("batches", set()) | groups.get("container", set())
    weighed = draft.weighed if isinstance(draft, Together) else None
    if weighed and codes[weighed.container] not in about:
        raise InvalidBody.at(
            f"{prefix}/weighed/container", "称重的容器要在这次登记里", "must be named by the event"
        )
