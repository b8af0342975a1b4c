"""A traced batch in Chinese words, for its page and its paper."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.names import county_names
from app.custody.current import Pieces
from app.custody.steps import CustodyStep
from app.custody.trace import Trace
from app.packaging.read import list_terms


async def described(session: AsyncSession, found: Trace) -> dict[str, Any]:
    """Return a traced batch with its site, counties and contents in words."""
    batch = found.batch
    counties = await county_names(
        session, {part.county for part in batch.origin} | {(batch.site or "")[:6]}
    )
    here = [step for step in found.steps if step.site == batch.site]
    return {
        **vars(batch),
        "site_name": here[-1].site_name if here else None,
        "county_name": counties.get((batch.site or "")[:6]),
        "contents": await _in_words(session, batch.contents),
        "origin": [
            {**vars(part), "county_name": counties.get(part.county, part.county)}
            for part in batch.origin
        ],
    }


async def _in_words(session: AsyncSession, contents: tuple[Pieces, ...]) -> list[dict[str, Any]]:
    if not contents:
        return []
    words = {
        (term.vocabulary, term.slug): term.name
        for vocabulary in ("material", "form", "size")
        for term in await list_terms(session, vocabulary, limit=100)
    }
    return [
        {
            **vars(line),
            "material": words.get(("material", line.material), line.material),
            "form": words.get(("form", line.form), line.form),
            "size": words.get(("size", line.size), line.size),
        }
        for line in contents
    ]


def grouped_steps(steps: tuple[CustodyStep, ...]) -> list[list[CustodyStep]]:
    """Put hand-ins that follow each other at one site together: a bag has fifteen of them."""
    groups: list[list[CustodyStep]] = []
    for step in steps:
        before = groups[-1][-1] if groups else None
        both = before is not None and before.kind == step.kind == "hand_in"
        if both and before is not None and before.site == step.site and not step.flags:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


async def material_names(session: AsyncSession) -> dict[str, str]:
    """Return what materials are called."""
    return {term.slug: term.name for term in await list_terms(session, "material", limit=100)}
