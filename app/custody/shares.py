"""What part of a batch came from which others, and where its own mass went. Pure. model.md, Repack.

A repack says what each input weighed and what each output weighs. In `mix` every output holds every
input in proportion to those masses. In `sort` each material comes from those that were counted to
hold it, as far as they weighed that much; what then lacks is filled from what the inputs have left
over. A part of a chain is the product of the fractions along it, multiplied only when read; what
comes out of one repack is `Fraction`, so the shares of an output sum to one exactly, and those of an
input to what of it was not removed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import TypeVar

from app.balance.apportion import apportion
from app.events.state import Order, Repacking, Vector

Material = str | None
"""A material, or None where it is not known or makes no difference."""
Key = TypeVar("Key")


@dataclass(frozen=True)
class Edge:
    """So much of an input is in an output: `in_g` of `total_in_g` of its `out_g`.

    In `mix` these are whole masses; in `sort` those of one `material`.
    """

    input: str
    output: str
    event: str
    mode: str
    material: Material
    in_g: int
    total_in_g: int
    out_g: int
    whole_g: int
    """Grams of the whole output, all its materials together."""

    @property
    def share(self) -> Fraction:
        """Return what part of the whole output this is; its edges sum to one."""
        return Fraction(self.in_g * self.out_g, self.total_in_g * self.whole_g)

    @property
    def fraction(self) -> str:
        """Return the share to be read by whoever adds up exactly."""
        return str(self.share)


@dataclass(frozen=True)
class Part:
    """What of a repack is divided by one rule: a material of a `sort`, or all of a `mix`."""

    ins: Mapping[str, int]
    outs: Mapping[str, int]

    @cached_property
    def in_g(self) -> int:
        """Grams that went in, over all inputs."""
        return sum(self.ins.values())

    @cached_property
    def out_g(self) -> int:
        """Grams that came out, over all outputs."""
        return sum(self.outs.values())


@dataclass(frozen=True)
class Repacked:
    """One repack as it divides what went in."""

    event: str
    order: Order
    site: str
    mode: str
    reason: str | None
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    removed: Vector
    parts: Mapping[Material, Part]

    @cached_property
    def total_in_g(self) -> int:
        """Grams of all inputs as they were weighed for it."""
        return sum(self.inputs.values())

    @cached_property
    def removed_g(self) -> int:
        """Grams that were taken out and went no further."""
        return sum(grams for _, grams in self.removed)

    @cached_property
    def materials_by_output(self) -> Mapping[str, Mapping[Material, int]]:
        """Grams of each output by part."""
        found: dict[str, dict[Material, int]] = defaultdict(dict)
        for material, part in self.parts.items():
            for code, grams in part.outs.items():
                found[code][material] = grams
        return found

    def row(self, code: str) -> dict[Material, Fraction]:
        """Return the fractions of an input that go with each part; what they lack was removed."""
        return {
            material: Fraction(part.ins[code] * part.out_g, part.in_g * self.inputs[code])
            for material, part in self.parts.items()
            if part.ins.get(code)
        }

    def edges(self, inputs: Iterable[str], outputs: Iterable[str]) -> Iterator[Edge]:
        """Yield what goes from some of its inputs into some of its outputs."""
        from_, to = list(inputs), list(outputs)
        for material, part in self.parts.items():
            for output in (code for code in to if code in part.outs):
                whole_g = sum(self.materials_by_output[output].values())
                for code in (code for code in from_ if part.ins.get(code)):
                    in_g = part.ins[code]
                    yield Edge(
                        code, output, self.event, self.mode, material,
                        in_g, part.in_g, part.outs[output], whole_g,
                    )  # fmt: skip


def repacked(
    event: str,
    order: Order,
    site: str,
    body: Repacking,
    counted: Mapping[str, Vector],
    reason: str | None = None,
) -> Repacked:
    """Return how a repack divides; `counted` are its inputs' counted grams by material."""
    inputs = dict(body.inputs)
    outputs = {output.code: output.mass_g for output in body.outputs}
    if body.mode == "mix":
        parts: dict[Material, Part] = {None: Part(inputs, outputs)}
    else:
        parts = _by_material(body, inputs, counted)
    return Repacked(event, order, site, body.mode, reason, inputs, outputs, body.removed, parts)


def _by_material(
    body: Repacking, inputs: Mapping[str, int], counted: Mapping[str, Vector]
) -> dict[Material, Part]:
    """Divide a sort: every gram that was not removed from an input is in exactly one part.

    What was counted is an estimate, what was weighed is not. So bags of one material go first, whole,
    to where it came out; then those of two, as counted and then as far as either still lacks; and so
    on. What then lacks, and an output of unknown material, is filled from what is left of all.
    """
    outs = _outs_by_material(body)
    lacking = {material: sum(codes.values()) for material, codes in outs.items()}
    left = dict(zip(inputs, apportion(sum(lacking.values()), list(inputs.values())), strict=True))
    ins: dict[Material, Counter[str]] = {material: Counter() for material in outs}

    def give(material: Material, among: Mapping[str, int]) -> None:
        total_g = min(lacking[material], sum(among.values()))
        if total_g:
            for code, grams in zip(among, apportion(total_g, list(among.values())), strict=True):
                ins[material][code] += grams
                left[code] -= grams
            lacking[material] -= total_g

    known = {
        code: {
            m: grams for m, grams in _divided(mass_g, counted.get(code, ())).items() if m in outs
        }
        for code, mass_g in left.items()
    }
    for kinds in sorted({len(of) for of in known.values()}):
        alike = [code for code, of in known.items() if len(of) == kinds]
        for material in outs:
            give(material, {code: known[code].get(material, 0) for code in alike})
        for material in outs:
            give(material, {code: left[code] for code in alike if material in known[code]})
    for material in outs:
        give(material, left)
    return {material: Part(+ins[material], codes) for material, codes in outs.items()}


def _outs_by_material(body: Repacking) -> dict[Material, dict[str, int]]:
    found: dict[Material, dict[str, int]] = defaultdict(dict)
    for output in body.outputs:
        for material, grams in output.materials:
            if grams:
                found[material][output.code] = grams
        if not any(grams for _, grams in output.materials):
            found[None][output.code] = output.mass_g
    return found


def _divided(mass_g: int, counted: Vector) -> dict[Material, int]:
    """Divide a stated mass by what was counted of each material."""
    known: dict[Material, int] = {material: grams for material, grams in counted if grams}
    return dict(zip(known, apportion(mass_g, list(known.values())), strict=True)) if known else {}


Held = Mapping[str, Fraction]
"""How much of something is in which batches."""


def trace_back(held: Held, repacks: Iterable[Repacked]) -> dict[tuple[str, Material], Fraction]:
    """Return what is held in batches by where it came from, the batches that no repack made.

    `repacks` are all that made the batches, and what went into them, and so on. What came out of
    a sort is told apart by the material that it came out as last. Sums are kept exactly.
    """
    at: dict[str, dict[Material, Fraction]] = {
        code: {None: amount} for code, amount in held.items() if amount
    }
    for one in sorted(repacks, key=lambda r: (r.order, r.event), reverse=True):
        waiting: dict[tuple[Material, Material], Fraction] = defaultdict(Fraction)
        for code, by_part in one.materials_by_output.items():
            for label, amount in at.pop(code, {}).items():
                whole = sum(by_part.values())
                for material, grams in by_part.items():
                    waiting[material, label or material] += amount * Fraction(grams, whole)
        for (material, label), amount in waiting.items():
            part = one.parts[material]
            of_a_gram = amount / part.in_g
            for code, in_g in part.ins.items():
                there, came = at.setdefault(code, {}), of_a_gram * in_g
                there[label] = there[label] + came if label in there else came
    return {(code, label): amount for code, by in at.items() for label, amount in by.items()}


@dataclass(frozen=True)
class Onward:
    """Where mass went: what is held in batches that no repack took in, and what was removed."""

    batches: dict[str, Fraction]
    removed: dict[tuple[str, str], Fraction]
    """By repack and reason."""


def trace_forward(held: Held, repacks: Iterable[Repacked]) -> Onward:
    """Return where what is held in batches went, through all repacks that took them in.

    The same flows as those of `trace_back`, read from the other end: nothing is lost or gained.
    """
    at = {code: amount for code, amount in held.items() if amount}
    gone: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for one in sorted(repacks, key=lambda r: (r.order, r.event)):
        flows: dict[Material, Fraction] = defaultdict(Fraction)
        for code in one.inputs:
            amount = at.pop(code, None)
            if amount is None:
                continue
            row = one.row(code)
            for material, fraction in row.items():
                flows[material] += amount * fraction
            lost = amount * (1 - sum(row.values()))
            for reason, grams in one.removed:
                gone[one.event, reason] += lost * Fraction(grams, one.removed_g)
        for material, amount in flows.items():
            part = one.parts[material]
            for code, out_g in part.outs.items():
                at[code] = at.get(code, Fraction(0)) + amount * Fraction(out_g, part.out_g)
    return Onward(at, dict(gone))


def grams_of(total_g: int, amounts: Mapping[Key, Fraction]) -> dict[Key, int]:
    """Divide whole grams in proportion to exact amounts, by largest remainder, ties by place."""
    whole = sum_of(amounts.values())
    if not whole:
        return dict.fromkeys(amounts, 0)
    factor = total_g / whole
    exact = amounts if factor == 1 else {key: amount * factor for key, amount in amounts.items()}
    found = {key: share.numerator // share.denominator for key, share in exact.items()}
    missing = total_g - sum(found.values())
    if missing:
        left = {key: _remainder(share) for key, share in exact.items()}
        for key in sorted(left, key=lambda key: -left[key])[:missing]:
            found[key] += 1
    return found


def _remainder(share: Fraction) -> int:
    """Return what is left of a fraction beyond its whole part, in parts of 2⁻⁹⁶."""
    return (share.numerator % share.denominator << 96) // share.denominator


def sum_of(amounts: Iterable[Fraction]) -> Fraction:
    """Add up many fractions over one denominator: each addition by itself would reduce it."""
    some = list(amounts)
    common = lcm(*(one.denominator for one in some))
    return Fraction(sum(one.numerator * (common // one.denominator) for one in some), common)
