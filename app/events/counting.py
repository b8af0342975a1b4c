"""Pieces counted as grams: by scope, by material. Pure."""

from dataclasses import dataclass

from app.balance.apportion import apportion
from app.errors import InvalidBody
from app.events.errors import (
    UnknownPackaging,
)
from app.events.fields import MAX_MASS_G
from app.events.parts import ContentLine
from app.events.schemas import Collect, Draft, HandIn, Repack


@dataclass(frozen=True)
class Counted:
    """Grams counted as pieces × unit weight, by scope and by material."""

    scopes: dict[str, int]
    materials: dict[str, int]


def counted(draft: Draft, packaging: "Packaging") -> Counted | None:
    """Return what was counted at a hand-in or a collect; None where nothing was.

    A sort without a unit weight can be weighed, not counted: with a mass it only takes part in
    the split by scope.
    """
    lines: list[ContentLine] | None = (
        draft.contents if isinstance(draft, HandIn | Collect) else None
    )
    if not lines:
        return None
    weighed = draft.refs[0].net_g is not None
    counts = _milligrams(lines, packaging, weighed=weighed, pointer="/contents")
    scopes, materials = _grams(counts, 0), _grams(counts, 1)
    if not weighed and sum(grams for _, _, grams in counts) > MAX_MASS_G * 1000:
        raise InvalidBody.at(
            "/contents",
            f"按件数折算超过 {MAX_MASS_G // 1000} 千克，一袋装不下，请核对件数",
            f"counts to more than {MAX_MASS_G} g, which no bag holds",
        )
    return Counted(scopes, materials)


def materials_of(draft: Repack, packaging: "Packaging") -> list[dict[str, int] | None]:
    """Return each output's mass by material: by its contents, else its one material, else None."""
    found: list[dict[str, int] | None] = []
    for n, output in enumerate(draft.outputs):
        mass_g = output.net_g or 0
        if output.contents:
            pointer = f"/outputs/{n}/contents"
            counts = _milligrams(output.contents, packaging, weighed=True, pointer=pointer)
            grams = _grams(counts, 1)
            shares = apportion(mass_g, list(grams.values()))
            found.append(dict(zip(grams, shares, strict=True)))
        elif output.material:
            if ("material", output.material) not in packaging.terms:
                raise UnknownPackaging(material=output.material, pointer=f"/outputs/{n}/material")
            found.append({output.material: mass_g})
        else:
            found.append(None)
    return found


def _milligrams(
    lines: list[ContentLine], packaging: "Packaging", *, weighed: bool, pointer: str
) -> list[tuple[str, str, int]]:
    """Return (scope, material, milligrams) of each line of contents."""
    found: list[tuple[str, str, int]] = []
    for i, line in enumerate(lines):
        sort = (line.material, line.form, line.size)
        weight = packaging.weights.get(sort)
        if weight is None and not (weighed and packaging.knows(sort)):
            raise UnknownPackaging(
                material=line.material,
                form=line.form,
                size=line.size,
                pointer=f"{pointer}/{i}",
            )
        found.append((line.scope, line.material, line.pieces * (weight or 0)))
    return found


def _grams(counts: list[tuple[str, str, int]], by: int) -> dict[str, int]:
    """Add up milligrams by scope (0) or material (1) as whole grams, at least one each."""
    sums: dict[str, int] = {}
    for line in counts:
        key = str(line[by])
        sums[key] = sums.get(key, 0) + line[2]
    return {key: max(1, (mg + 500) // 1000) for key, mg in sorted(sums.items())}


@dataclass(frozen=True)
class Packaging:
    """The vocabularies and the unit weights in force: milligrams a piece by sort."""

    version: int
    weights: dict[tuple[str, str, str], int]
    terms: frozenset[tuple[str, str]]

    def knows(self, sort: tuple[str, str, str]) -> bool:
        """Tell whether material, form and size are all words of the vocabularies."""
        return set(zip(("material", "form", "size"), sort, strict=True)) <= self.terms
