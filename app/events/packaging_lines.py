"""The rows of packaging in a form: the usual sorts by their everyday names, then some to choose."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.as_typed import Blank
from app.events.facts import packaging_now

USUAL = (
    ("pet", "bottle", "lt200ml", "透明塑料瓶，小于 200 mL"),
    ("pet", "bottle", "ge200ml", "透明塑料瓶，200 mL 及以上"),
    ("pe", "bottle", "lt200ml", "不透明塑料瓶，小于 200 mL"),
    ("pe", "bottle", "ge200ml", "不透明塑料瓶，200 mL 及以上"),
    ("foil", "bag", "lt50g", "铝箔袋，小于 50 g"),
    ("foil", "bag", "ge50g", "铝箔袋，50 g 及以上"),
    ("glass", "bottle", "lt200ml", "玻璃瓶，小于 200 mL"),
    ("pe", "drum", "ge5l", "塑料桶，5 L 及以上"),
)
"""The sorts that make up nearly all hand-ins, in the words of a village shop."""
OTHERS = 3


@dataclass(frozen=True)
class Line:
    """One row of packaging in a form: a usual sort with its `label`, or one to be chosen."""

    material: str
    form: str
    size: str
    label: str
    weight_mg: int | None
    pieces: str
    error: str
    uncounted: bool = False
    """It is in what was weighed; nobody has counted it."""


async def packaging_lines(session: AsyncSession, values: Blank, errors: Blank) -> list[Line]:
    """Return the rows of a form as they were filled in: the usual sorts, then some to choose."""
    weights = (await packaging_now(session)).weights
    usual = [sort for sort in USUAL if sort[:3] in weights]
    lines = []
    for n in range(len(usual) + OTHERS):
        name = f"line-{n}"
        chosen = tuple(values[f"{name}-{part}"] for part in ("material", "form", "size"))
        material, form, size, label = usual[n] if n < len(usual) else (*chosen, "")
        lines.append(
            Line(
                material,
                form,
                size,
                label,
                weights.get((material, form, size)),
                values[f"{name}-pieces"],
                errors[f"{name}-pieces"],
                bool(values[f"{name}-uncounted"]),
            )
        )
    return lines
