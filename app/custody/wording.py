"""Steps, differences, corrections and ends in Chinese sentences, for paper."""

from app.custody.corrections import Changed
from app.custody.destinations import Destination
from app.custody.differences import asks_for_attention
from app.custody.sources import Source
from app.custody.steps import CustodyStep
from app.templating import mass, moment, words


def step_in_words(step: CustodyStep) -> tuple[str, list[str], bool]:
    """Return what a step did, what is to be said of it, and whether that asks for attention."""
    verb = words("REPACKS")[step.mode] if step.mode else words("KINDS").get(step.kind, step.kind)
    plain = (
        step.bags is not None and f"{step.bags} 袋",
        step.short and f"少了 {step.short} 袋，没有一起到",
        step.pieces and f"{step.pieces} 件",
        step.via and f"随容器 {step.via}",
        step.container and step.bags is None and _boxed(step),
        step.destination_name and f"运往{step.destination_name}",
        step.trip and f"交接单 {step.trip}",
        step.method and words("METHODS").get(step.method, step.method),
        step.certificate and f"处理证明 {step.certificate}",
        step.outcome and words("OUTCOMES").get(step.outcome, step.outcome),
        step.difference_g and difference_in_words(step.difference_g),
        step.mode != "relabel" and step.reason,
        step.corrects and "已更正",
    )
    flags = [words("FLAGS").get(flag, flag) for flag in step.flags]
    large = bool(step.difference_g) and asks_for_attention(step.difference_g, step.mass_g)
    warm = bool(flags or step.outcome or step.short or large)
    return verb, [*(str(one) for one in plain if one), *flags], warm


def _boxed(step: CustodyStep) -> str:
    return f"{'装进' if step.kind == 'pack' else '取出自'}容器 {step.container}"


def difference_in_words(grams: int) -> str:
    """Return what a weighing found more or less."""
    return f"比上一次{'多' if grams > 0 else '少'} {mass(abs(grams))}"


def change_in_words(change: Changed) -> str:
    """Return one thing that was told otherwise before."""
    name = words("FIELDS").get(change.field, change.field)
    return f"{name} {_value(change.field, change.was)} → {_value(change.field, change.now)}"


def _value(field: str, value: object) -> str:
    if value is None:
        return "没有写"
    if field.endswith("_g") and isinstance(value, int):
        return mass(value)
    if field == "effective_at":
        return moment(str(value))
    known = {"method": "METHODS", "outcome": "OUTCOMES", "mode": "REPACKS", "reason": "REPACKS"}
    return words(known[field]).get(str(value), str(value)) if field in known else str(value)


def destination_in_words(one: Destination) -> str:
    """Return what became of part of a batch's mass."""
    parts = [words("DESTINATIONS").get(one.kind, one.kind)]
    if one.method:
        parts.append(words("METHODS").get(one.method, one.method))
    if one.reason:
        parts.append(words("REMOVED").get(one.reason, one.reason))
    if one.certificate:
        parts.append(f"证明 {one.certificate}")
    if one.where.site_name:
        parts.append(one.where.site_name)
    if one.kind in ("treated", "written_off") and one.at:
        parts.append(moment(one.at)[:10])
    return "，".join(parts)


def source_in_words(one: Source) -> str:
    """Return where an original bag was taken back."""
    place = f"{one.where.site_name or '—'}（{one.where.township or ''}）"
    if one.kind == "collected":
        return place
    return f"{place} {words('BEGINNINGS').get(one.kind, one.kind)}"
