"""Amendments as wire shapes. Pure."""

from typing import Any

from app.amendments.read import Amendment
from app.plan.document import amendment
from app.plan.linked import Row, citation, link
from app.plan.linked_duties import number
from app.plan.models import PlanWording
from app.plan.tables import PlanTarget


def row_of(one: Amendment) -> Row:
    """Return an amendment with each paragraph and target that it changes, before and after."""
    return {
        **amendment(one.document),
        "paragraphs": [
            {**citation(new.address), "before": _words(old), "after": _words(new)}
            for old, new in one.wordings
        ],
        "targets": [
            {
                **link("targets", new.code, new.indicator),
                "before": _figures(old),
                "after": _figures(new),
            }
            for old, new in one.targets
        ],
    }


def _words(one: PlanWording) -> Row:
    return {"text": one.text, **_since(one)}


def _figures(one: PlanTarget) -> Row:
    return {
        "indicator": one.indicator,
        "comparator": one.comparator,
        "meaning": one.meaning,
        "value": number(one.value),
        "low": number(one.low),
        "high": number(one.high),
        "unit": one.unit,
        "target_year": one.target_year,
        "scope": one.scope,
        "paragraph": citation(one.paragraph),
        "quote": one.quote,
        **_since(one),
    }


def _since(one: Any) -> Row:
    return {"document": one.document, "valid_from": one.valid_from, "valid_to": one.valid_to}
