"""What an amendment may say, against the plan as it stands with all earlier amendments. Pure.

Amendments are entered in the order in which they take effect: each supersedes the latest words
and figures known, those included that are still to take effect.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.amendments.schemas import AmendedParagraph, AmendedTarget, AmendmentRow
from app.plan.models import PlanDocument, PlanWording
from app.plan.tables import PlanTarget

MOST_YEARS_AHEAD = 5
"""No plan is amended further ahead: a wrong year would bar all later amendments."""
PRINTED_HEAD = frozenset({"letterhead", "number", "signature", "date"})
"""Kinds of paragraphs that say what the document is; what amends it has a head of its own."""
AT_LEAST = frozenset({"以上", "至少", "不低于", "不少于", "超过", "大于"})
REACH = frozenset({"达到", "为", "提高到", "增加到"})
Fault = dict[str, str]
"""`pointer` into the row, `detail`, `detail_en`."""


@dataclass
class Standing:
    """The plan with all amendments known; versions of one thing stand in the order of their days."""

    plan: PlanDocument
    documents: dict[str, PlanDocument]
    kinds: dict[str, str]
    """Kinds of paragraphs by address."""
    wordings: dict[str, list[PlanWording]]
    targets: dict[str, list[PlanTarget]]
    today: date

    def words_on(self, address: str, on: date) -> str:
        """Return the words of a paragraph on a day, those it began with for a day before."""
        versions = self.wordings[address]
        return next((one.text for one in reversed(versions) if one.valid_from <= on), "")


def faults(row: AmendmentRow, standing: Standing) -> list[Fault]:
    """Return every place in a row that a rule refuses; none where it can be applied."""
    return [
        *_of_document(row, standing),
        *(
            {**fault, "pointer": f"/paragraphs/{i}{fault['pointer']}"}
            for i, paragraph in enumerate(row.paragraphs)
            for fault in _of_paragraph(paragraph, row, standing, i)
        ),
        *(
            {**fault, "pointer": f"/targets/{i}{fault['pointer']}"}
            for i, target in enumerate(row.targets)
            for fault in _of_target(target, row, standing, i)
        ),
    ]


def _fault(pointer: str, chinese: str, english: str) -> Fault:
    return {"pointer": pointer, "detail": chinese, "detail_en": english}


def _of_document(row: AmendmentRow, standing: Standing) -> Iterator[Fault]:
    plan = standing.plan
    if row.number == plan.number:
        yield _fault(
            "/number", f"{plan.number} 是方案本身的文号，修订文件有自己的文号",
            f"{plan.number} is the plan itself; an amendment has a number of its own",
        )  # fmt: skip
        return
    if row.issued_on < plan.issued_on:
        yield _fault(
            "/issued_on", f"修订文件早于方案：{plan.number} 是 {plan.issued_on} 印发的",
            f"dated before the document that it amends, which was issued on {plan.issued_on}",
        )  # fmt: skip
    if row.issued_on > standing.today:
        # Later amendments must take effect later: a wrong year would bar them all.
        yield _fault(
            "/issued_on", f"发文日期还没有到，今天是 {standing.today}",
            f"is yet to come; today is {standing.today}",
        )  # fmt: skip
    if row.effective_on.year > standing.today.year + MOST_YEARS_AHEAD:
        yield _fault(
            "/effective_on", f"生效日期至多在今后 {MOST_YEARS_AHEAD} 年内，请核对年份",
            f"lies more than {MOST_YEARS_AHEAD} years ahead",
        )  # fmt: skip
    known = standing.documents.get(row.number)
    for name, label in (("title", "标题"), ("issued_on", "发文日期"), ("effective_on", "生效日期")):
        said = getattr(known, name, None)
        if known is not None and said != getattr(row, name):
            yield _fault(
                f"/{name}", f"{row.number} 已经登记过，{label}是 {said}，应当一致",
                f"{row.number} is known with {said}",
            )  # fmt: skip


def _of_paragraph(
    paragraph: AmendedParagraph, row: AmendmentRow, standing: Standing, place: int
) -> Iterator[Fault]:
    address = paragraph.address
    if address not in standing.kinds:
        yield _no_such("/address", "段落", address)
        return
    if standing.kinds[address] in PRINTED_HEAD:
        yield _fault(
            "/address", f"{address} 是文件的版头、文号、署名或日期，不能修订",
            f"{address} belongs to the document's own head and cannot be amended",
        )  # fmt: skip
    if any(earlier.address == address for earlier in row.paragraphs[:place]):
        yield _twice("/address", address)
        return
    latest = standing.wordings[address][-1]
    if row.effective_on <= latest.valid_from:
        yield _too_early("/address", row, latest)
    elif paragraph.text == latest.text:
        yield _fault("/text", "新的文字与现行的相同，没有改动", f"{address} already says so")


def _of_target(
    change: AmendedTarget, row: AmendmentRow, standing: Standing, place: int
) -> Iterator[Fault]:
    if change.code not in standing.targets:
        yield _no_such("/code", "目标", change.code)
        return
    if change.paragraph is not None and change.paragraph not in standing.kinds:
        yield _no_such("/paragraph", "段落", change.paragraph)
        return
    if any(earlier.code == change.code for earlier in row.targets[:place]):
        yield _twice("/code", change.code)
        return
    latest = standing.targets[change.code][-1]
    if row.effective_on <= latest.valid_from:
        yield _too_early("/code", row, latest)
        return
    yield from _of_figures(change, latest)
    words = words_after(change.paragraph or latest.paragraph, row, standing)
    if change.quote is not None and change.quote not in words:
        address = change.paragraph or latest.paragraph
        yield _fault(
            "/quote", f"这句话不在 {address} 自 {row.effective_on} 起的文字里",
            f"is no piece of the words of {address} from {row.effective_on} on",
        )  # fmt: skip
    new = amended(change, latest, words)
    if all(getattr(latest, name) == value for name, value in new.items()):
        yield _fault("/code", f"与现行的目标相同：{change.code}", "is the target as it stands")


def _of_figures(change: AmendedTarget, latest: PlanTarget) -> Iterator[Fault]:
    if latest.meaning is None:
        return
    if not change.has_number:
        yield _fault(
            "/value", f"这个目标有数值（单位 {latest.unit}），修订要写新的数值",
            f"the target has a number in {latest.unit}; restate it",
        )  # fmt: skip
    elif change.unit != latest.unit:
        yield _fault(
            "/unit",
            f"这个目标的单位是 {latest.unit}，不能改成 {change.unit}：各年的数据都按 {latest.unit} 登记",
            f"the unit of the target is {latest.unit}, in which its values are kept",
        )
    if latest.meaning == "reduce_by" and change.low is not None:
        yield _fault("/low", "减少量是一个数，不能是范围", "a reduction is one number, not a range")


def words_after(address: str, row: AmendmentRow, standing: Standing) -> str:
    """Return the words that a paragraph has once the row takes effect."""
    new = {one.address: one.text for one in row.paragraphs}
    return new.get(address) or standing.words_on(address, row.effective_on)


def amended(change: AmendedTarget, latest: PlanTarget, words: str) -> dict[str, Any]:
    """Return the columns of a target that an amendment sets, `words` being its paragraph's."""
    comparator = change.comparator or latest.comparator
    figures = {name: getattr(change, name) for name in ("value", "low", "high")}
    kept = latest.quote if latest.quote in words else words
    return {
        "comparator": comparator,
        "meaning": _meaning(change, latest),
        **figures,
        "unit": change.unit,
        "target_year": change.target_year or latest.target_year,
        "indicator": change.indicator or latest.indicator,
        "scope": change.scope or latest.scope,
        "paragraph": change.paragraph or latest.paragraph,
        "quote": change.quote or kept,
    }


def _meaning(change: AmendedTarget, latest: PlanTarget) -> str | None:
    """Return what the printed comparator comes to; a word that says nothing leaves it as it was."""
    if not change.has_number or latest.meaning == "reduce_by":
        return latest.meaning
    if change.low is not None:
        return "range"
    if change.comparator in AT_LEAST:
        return "at_least"
    if change.comparator in REACH or latest.meaning in (None, "range"):
        return "reach"
    return latest.meaning


def _no_such(pointer: str, what: str, code: str) -> Fault:
    return _fault(pointer, f"方案里没有 {code} 这个{what}", f"the plan has no {code}")


def _twice(pointer: str, code: str) -> Fault:
    return _fault(pointer, f"{code} 在这次修订里写了两次", f"{code} is amended twice")


def _too_early(pointer: str, row: AmendmentRow, latest: PlanWording | PlanTarget) -> Fault:
    return _fault(
        pointer,
        f"{latest.document} 的内容自 {latest.valid_from} 起施行；"
        f"修订应在那一天之后生效，这里写的是 {row.effective_on}",
        f"what {latest.document} says took effect on {latest.valid_from}; an amendment of it"
        f" takes effect later, not on {row.effective_on}",
    )
