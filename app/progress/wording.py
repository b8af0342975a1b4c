"""How a target and its value are said in words, and the columns of the targets' .csv. Pure."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from app.plan.linked import Row
from app.plan.published import CODE, PLACE, Column, at


def aim(row: Row) -> str:
    """Return what a target asks for as it is printed: 85%以上, 至少3-5家, 较2020年减少1200吨."""
    if not row["quantified"]:
        return "未量化"
    if row["value"] is None:
        amount = f"{plain(row['low'])}-{plain(row['high'])}{row['unit']}"
    else:
        amount = f"{plain(row['value'])}{row['unit']}"
    if row["meaning"] == "reduce_by":
        return f"较{row['base_year']}年减少{amount}"
    if row["comparator"] == "以上":
        return f"{amount}以上"
    return f"{row['comparator'] or ''}{amount}"


def due(row: Row) -> str:
    """Return the target year, or that none is printed."""
    if row["target_year"]:
        return f"{row['target_year']} 年"
    return f"未印年份（方案期 {row['period']['from']}—{row['period']['to']} 年）"


def reached(row: Row) -> str:
    """Return the value that a target has come to, with its unit: 81.3%, 减少 900 吨."""
    actual = row["actual"]
    if actual["value"] is None:
        return ""
    if row["meaning"] != "reduce_by":
        return said(actual["value"], actual["unit"])
    fallen = actual["value"] >= 0
    return ("减少 " if fallen else "增加 ") + said(abs(actual["value"]), actual["unit"])


def said(value: float, unit: str | None) -> str:
    """Return a number with its unit; a percentage cut to two decimals, so that 84.999 is not 85."""
    if unit == "%":
        return f"{_cut(value, ROUND_FLOOR)}%"
    return f"{plain(value)} {unit or ''}".strip()


def missing(row: Row) -> str:
    """Return what is still missing; for a list with so many of each industry, how many entries."""
    actual = row["actual"]
    if actual["industries"]:
        short = actual["industries"]["missing"]
        return f"还差 {short} {row['unit']}" if short else ""
    if not actual["gap"]:
        return ""
    if actual["unit"] == "%":
        return f"还差 {_cut(actual['gap'], ROUND_CEILING)} 个百分点"
    return f"还差 {said(actual['gap'], actual['unit'])}"


def _cut(value: float, rounding: str) -> str:
    return _plain(Decimal(repr(value)).quantize(Decimal("0.01"), rounding=rounding))


def plain(value: float) -> str:
    """Return a number without an exponent or an empty fraction: 1340, 0.2."""
    return _plain(Decimal(repr(value)))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _departments(row: Row) -> str:
    listed = row["responsibility"]
    return "、".join(one["name"] for one in listed["departments"]) if listed else ""


COLUMNS: dict[str, Column] = {
    **CODE,
    "目标": at("indicator"),
    "比较词": at("comparator"),
    "数值": at("value"),
    "下限": at("low"),
    "上限": at("high"),
    "单位": at("unit"),
    "基准年": at("base_year"),
    "目标年": at("target_year"),
    "范围": at("scope"),
    "文号": at("document"),
    "责任部门": _departments,
    **PLACE,
    "名单": at("register", "name"),
    "进展": at("actual", "state_name"),
    "现值": at("actual", "value"),
    "现值单位": lambda row: row["actual"]["unit"] if row["actual"]["value"] is not None else None,
    "现值年份": at("actual", "year"),
    "出处": at("actual", "source"),
    "差额": at("actual", "gap"),
    "说明": lambda row: "；".join([*filter(None, [row["actual"]["why"]]), *row["actual"]["notes"]]),
}
