"""The document's head: what it is, who issued it, to whom, what it carries out. Pure."""

from app.plan.linked import API, Row, citation, link
from app.plan.models import PlanDocument
from app.plan.published import TABLES
from app.plan.read import Plan

XIONGAN = "133100"


def head(plan: Plan) -> Row:
    """Return the document's head with its counts and the addresses of its tables."""
    own = plan.head
    names = {one.slug: one.name for one in plan.departments}
    return {
        "number": own.number,
        "title": own.title,
        "plan_title": own.plan_title,
        "issued_on": own.issued_on,
        "period": {"from": own.period_from, "to": own.period_to},
        "implements": {"title": own.implements_title, "number": own.implements_number},
        "issuers": [
            {
                **link("departments", one.department, names[one.department]),
                "position": one.position,
                "paragraph": citation(one.paragraph),
            }
            for one in plan.issuers
        ],
        "addressees": {
            "cities": [one.office for one in plan.addressees if one.area is None],
            "xiongan": [one.office for one in plan.addressees if one.area == XIONGAN],
            "paragraph": citation("addressees"),
        },
        "amendments": [amendment(one) for one in plan.documents if one.amends],
        "counts": counts(plan),
        "on": plan.on,
        "tables": {name: f"{API}/{name}" for name in (*TABLES, "targets", "registers", "progress")},
    }


def amendment(one: PlanDocument) -> Row:
    """Return an amending document."""
    return {
        "number": one.number,
        "title": one.title,
        "issued_on": one.issued_on,
        "effective_on": one.effective_on,
        "amends": one.amends,
        "event": one.event_id,
    }


def counts(plan: Plan) -> dict[str, int]:
    """Return how many of each the document has; `scripts/plan_figures.py` prints them."""
    kinds = [one.kind for one in plan.sections]
    return {
        "parts": kinds.count("part"),
        "items": kinds.count("item"),
        "boxes": len(plan.boxes),
        "paragraphs": len(plan.paragraphs),
        "issuers": len(plan.issuers),
        "departments": len(plan.departments),
        "responsibility_lists": len(plan.responsibility_lists),
        "responsibilities": len(plan.responsibilities),
        "measures": len(plan.measures),
        "targets": len(plan.targets),
        "numeric_targets": sum(one.meaning is not None for one in plan.targets),
        "industry_lists": len(plan.industry_lists),
        "technologies": len(plan.technologies),
        "citations": len(plan.citations),
        "instruments": len(plan.instruments),
        "registers": len(plan.registers),
    }
