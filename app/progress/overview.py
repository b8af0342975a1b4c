"""Targets as the page of 方案进展 shows them: in words, as a bar, as a line of years. Pure."""

from collections.abc import Sequence

from app.plan.linked import Row, section_name
from app.plan.read import Plan
from app.progress.wording import aim, due, missing, reached, said

HUNDRED = 100
OF_TARGET = 1.25
"""Where a bar of anything but a share ends, as a multiple of its target."""
WIDTH, HEIGHT, EDGE = 120, 32, 4
"""The line of years, in the units of its own picture."""
FEWEST = 2


def groups(plan: Plan, rows: Sequence[Row]) -> list[Row]:
    """Return cards by the part of the plan that answers for them, as they first come."""
    parents = {one.code: one.parent or one.code for one in plan.sections}
    names = {one.code: section_name(one) for one in plan.sections}
    found: dict[str, list[Row]] = {}
    for row in rows:
        section = (row["responsibility"] or {}).get("section") or row["section"]["code"]
        found.setdefault(parents[section], []).append(card(row))
    return [{"code": part, "name": names[part], "cards": cards} for part, cards in found.items()]


def card(row: Row) -> Row:
    """Return a target's row with the words and pictures that its card needs."""
    actual = row["actual"]
    return {
        **row,
        "aim": aim(row),
        "due": due(row),
        "reached": reached(row),
        "missing": missing(row),
        "bar": _bar(row),
        "line": _line(_years(row)),
        "trend": _ends(_years(row), actual["unit"]),
        "years": [_year(row, one) for one in reversed(actual["trend"])],
        "amount": _said(actual["amount"], actual["unit"]),
        "baseline": _said((actual["baseline"] or {}).get("value"), actual["unit"]),
    }


def _said(value: float | None, unit: str | None) -> str:
    return "" if value is None else said(value, unit)


def _year(row: Row, one: Row) -> Row:
    unit = row["actual"]["unit"]
    return {
        **one,
        "partial": one.get("partial", False),
        "value": _said(one["value"], unit) or "—",
        "amount": _said(one.get("amount"), unit),
    }


def _bar(row: Row) -> Row | None:
    """Return the filled part of a bar and the mark of its target, both as shares of its length."""
    share = row["actual"]["share"]
    if share is None:
        return None
    target = row["value"] if row["unit"] == "%" else None
    mark = target / HUNDRED if target else 1 / OF_TARGET
    return {"part": max(share, 0) * mark, "mark": mark}


def _years(row: Row) -> list[Row]:
    """Return the known years with what a line is drawn of: of a reduction, what was used."""
    drawn = "amount" if row["meaning"] == "reduce_by" else "value"
    return [
        {"year": one["year"], "value": one[drawn], "partial": one.get("partial", False)}
        for one in row["actual"]["trend"]
        if one[drawn] is not None
    ]


def _line(known: Sequence[Row]) -> Row | None:
    """Return the points of a line through the years; None where nothing has changed."""
    years = [one["year"] for one in known]
    values = [one["value"] for one in known]
    if len(set(values)) < FEWEST:
        return None
    low, spread = min(values), max(values) - min(values)
    points = [
        (
            EDGE + (year - years[0]) / (years[-1] - years[0]) * (WIDTH - 2 * EDGE),
            HEIGHT - EDGE - (value - low) / spread * (HEIGHT - 2 * EDGE),
        )
        for year, value in zip(years, values, strict=True)
    ]
    return {
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        "last": [round(part, 1) for part in points[-1]],
        "box": f"0 0 {WIDTH} {HEIGHT}",
    }


def _ends(known: Sequence[Row], unit: str | None) -> str:
    """Return the first and the last year in words: 2021 年 70% → 2026 年至今 86.2%."""
    ends = [*known[:1], *known[1:][-1:]]
    return " → ".join(
        f"{one['year']} 年{'至今' if one['partial'] else ''} {said(one['value'], unit)}"
        for one in ends
    )
