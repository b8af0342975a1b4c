"""The formulae of the recovery report: integer grams in, a rate or the reason for none out. Pure.

No national formula was found for any of them; each says what it rests on. A rate is a plain
ratio, never capped: one above 1 tells of a denominator declared too low.
"""

from collections.abc import Mapping
from typing import NamedTuple

METHOD = "A"
METHOD_WORDS = (
    "方法 A（销售台账）：产生量 = Σ 销售数量 × 单件空包装重，退货为负。"
    "回收率 = 回收量 ÷ 产生量，回收量以回收点称重为准；"
    "资源化利用率 = 资源化利用量 ÷ 回收量；"
    "处理率 = 处理量 ÷（期初结存 + 回收量 − 期末结存），盘点入账的期初存量算作期初结存。"
)
"""How the figures are made, for the foot of a report (口径)."""


class Rate(NamedTuple):
    """A ratio, or None with the reason in Chinese."""

    value: float | None
    why: str | None = None


class Target(NamedTuple):
    """A rate to be reached, and the number of the document that sets it."""

    rate: float
    document: str


def recovery_rate(collected_g: int, generated_g: int | None) -> Rate:
    """Return 回收率: mass recovered in the period ÷ mass generated in it.

    `generated_g` is None where nothing was declared. The ratio is the one of 冀发改环资〔2021〕
    1793号; which method gives the denominator is data (method A: units sold × unit weight).
    """
    if generated_g is None:
        return Rate(None, "本期没有申报产生量，没有分母")
    if generated_g <= 0:
        return Rate(None, "本期申报的产生量不大于零（退货多于销售），不能作分母")
    return Rate(collected_g / generated_g)


def resource_use_rate(reused_g: int, collected_g: int) -> Rate:
    """Return 资源化利用率: mass reused ÷ mass recovered in the period.

    Above 1 where stock of an earlier period is reused. Resource use is what the 办法 (Art 16)
    allows at the units that the province has listed.
    """
    if collected_g <= 0:
        return Rate(None, "本期没有回收量，没有分母")
    return Rate(reused_g / collected_g)


def treatment_rate(treated_g: int, opening_g: int, collected_g: int, closing_g: int) -> Rate:
    """Return 处理率: mass reused or disposed of ÷ what left the stock in the period.

    What left is opening stock + recovered − closing stock. Without the opening stock a county
    that treats last year's bags shows more than 100 % (a published 103.4 t treated against 79 t
    recovered made 131 %). What left and was not treated is loss.
    """
    left_g = opening_g + collected_g - closing_g
    if left_g <= 0:
        return Rate(None, "本期没有处理，库存没有减少")
    return Rate(treated_g / left_g)


def target_rate(year: int, targets: Mapping[int, Target]) -> Rate:
    """Return the target of the year; a target belongs to its year and says nothing of others.

    `targets` are those of the plan, by year (`app/reports/targets.py`).
    """
    if year in targets:
        return Rate(targets[year].rate)
    others = "；".join(
        f"{target.document}的 {target.rate * 100:g}% 属于 {other} 年"
        for other, target in sorted(targets.items())
    )
    return Rate(None, f"{year} 年没有设定目标" + (f"；{others}" if others else ""))
