"""From a body to a draft of its kind with parsed codes, or the problem that refuses it."""

from typing import Any

from app.batches.typed import typed_code
from app.errors import InvalidBody
from app.events.errors import BatchTwice
from app.events.schemas import SHAPES, Arrive, Draft
from app.web import validate


def draft_of(body: Any) -> Draft:
    """Return a body as the draft of its kind; InvalidBody names every place that does not fit."""
    kind = body.get("kind") if isinstance(body, dict) else None
    shape = SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        if not isinstance(body, dict):
            raise InvalidBody.at("", "应为对象", "must be an object")
        raise InvalidBody.at(
            "/kind", f"应为以下之一：{'、'.join(SHAPES)}", f"must be one of {', '.join(SHAPES)}"
        )
    return validate(shape, body)


def parse_codes(draft: Draft) -> tuple[str, ...]:
    """Return the codes a draft names, exceptions last; MistypedCode, BatchTwice."""
    named = [(ref.code, f"/batches/{i}/code") for i, ref in enumerate(draft.batches)]
    if isinstance(draft, Arrive):
        named += [(e.code, f"/exceptions/{i}/code") for i, e in enumerate(draft.exceptions or [])]
    codes = [typed_code(text, pointer=pointer) for text, pointer in named]
    taken_in: set[str] = set()
    excepted: set[str] = set()
    for code, (_, pointer) in zip(codes, named, strict=True):
        group = taken_in if pointer.startswith("/batches") else excepted
        if code in group:
            raise BatchTwice(batch=code, pointer=pointer)
        group.add(code)
    if isinstance(draft, Arrive):
        left = codes[len(draft.batches) :]
        for i, (exception, code) in enumerate(zip(draft.exceptions or [], left, strict=True)):
            if exception.outcome != "damaged" and code in taken_in:
                raise BatchTwice(batch=code, pointer=f"/exceptions/{i}/code")
    return tuple(codes)
