"""A finding in one plain sentence, its figures beside the bounds they were held against. Pure.

Figures are what the rules measured (app/alerts/rules); names of sites are looked up beforehand. A
figure that is missing reads as a dash: an old finding must still be shown.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.templating import SHANGHAI, mass

Figures = Mapping[str, Any]
NameOf = Callable[[str], str]
SITES = ("destination", "receiver", "site", "other_site", "first_site", "from_site", "to_site", "at_site")  # fmt: skip
"""Figures that are codes of sites."""
ASSUMED = "[assume]"
MINUTE, HOUR = 60, 3_600
_UNIT = re.compile(r"(?<=\d) (?=[a-zA-Z%])")
STEPS = {"hand_in": "交回", "collect": "封袋", "store": "入库", "depart": "发运", "arrive": "签收",
         "dispose": "处理", "pack": "装箱", "unpack": "拆箱", "stock_count": "盘点"}  # fmt: skip
OUTCOMES = {"refused": "拒收", "missing": "缺失", "damaged": "破损"}


@dataclass(frozen=True)
class Bound:
    """A threshold as people read it, and where it comes from."""

    label: str
    value: str
    source: str
    assumed: bool


class _Told:
    """Figures as words: a missing one is a dash."""

    def __init__(self, figures: Figures, name: NameOf, window: str = "") -> None:
        self.figures = figures
        self.window = window
        self._name = name

    def __getitem__(self, key: str) -> str:
        value = self.figures.get(key)
        if value is None:
            return "—"
        if key in SITES:
            return self._name(str(value))
        if key.endswith("_g"):
            return mass(abs(value) if key == "difference_g" else value)
        return SPOKEN[key](value) if key in SPOKEN else str(value)

    @property
    def bags(self) -> str:
        count = int(self.figures.get("count") or 1)
        return f" {count} 袋" if count > 1 else "一袋"

    @property
    def more(self) -> str:
        count = int(self.figures.get("count") or 1)
        return f"，共 {count} 次" if count > 1 else ""


def metres(value: float) -> str:
    """Say a distance: metres below a kilometre."""
    return f"{value / 1000:.1f} km" if value >= 1000 else f"{value:.0f} m"  # noqa: PLR2004


def span(seconds: float) -> str:
    """Say a time between two records."""
    if seconds < MINUTE:
        return f"{seconds:.0f} 秒"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} 分钟"
    return f"{seconds / HOUR:.1f} 小时"


def instant(value: str) -> str:
    """Say an instant in the province's time."""
    return datetime.fromisoformat(value).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


SPOKEN: dict[str, Callable[[Any], str]] = {
    "distance_m": metres,
    "accuracy_m": metres,
    "seconds": span,
    "km_h": lambda value: f"{value} km/h",
    "percent": lambda value: f"{abs(value)} %",
    "since": instant,
    "at": instant,
    "step": lambda slug: STEPS.get(slug, slug),
    "outcome": lambda slug: OUTCOMES.get(slug, slug),
}


def _difference(t: _Told) -> str:
    less = (t.figures.get("difference_g") or 0) < 0
    return (
        f"上次称重 {t['before_g']}，这次 {t['after_g']}，"
        f"{'少了' if less else '多了'} {t['difference_g']}（{t['percent']}）。"
    )


def _storage(t: _Told) -> str:
    return f"库内有{t.bags}存放超期，其中一袋 {t['sealed_on']} 封袋，{t['mass_g']}。"


def _speed(t: _Told) -> str:
    fast = f"，合 {t['km_h']}" if t.figures.get("km_h") else ""
    return (
        f"在{t['from_site']}登记后，隔 {t['seconds']}又在{t['to_site']}登记，"
        f"两处直线相距 {t['distance_m']}{fast}，正常走不了这么快。"
    )


_MISDATED = {
    "root": "写明登记前见过的存证，本平台没有发布过：登记或手机收到的存证被改过",
    "clock": "写的时间，早于手机登记前已经见过的存证：手机的时间被拨回过",
}


def _broken(t: _Told) -> str:
    if wrong := t.figures.get("not_before"):
        return f"这部手机的第 {t['seq']} 号登记，{_MISDATED[str(wrong)]}{t.more}。"
    if t.figures.get("repeated"):
        return f"这部手机的第 {t['seq']} 号登记有两条，内容不同{t.more}。"
    return f"这部手机的第 {t['seq']} 号登记，与它上一条对不上：上一条在上传之前被改过{t.more}。"


def _short(t: _Told) -> str:
    return f"{t['at_site']}签收时有{t.bags}{t['outcome']}，{t['mass_g']}，还没有下落。"


SENTENCES: dict[str, Callable[[_Told], str]] = {
    "receiver-not-listed": lambda t: f"{t['on']} 发往{t['receiver']}，当天它不在省公布的资源化利用单位名单上。",
    "receiver-permit-not-in-force": lambda t: f"{t['on']} 发往{t['receiver']}，当天它没有有效的许可证。",
    "weight-difference": _difference,
    "short-arrival": _short,
    "trip-overdue": lambda t: f"{t['departed_on']} 发往{t['destination']}的车，还有{t.bags}没有签收。",
    "over-long-storage": _storage,
    "full-store": lambda t: f"库内 {t['held_g']}，核定容量 {t['capacity_g']}，已用 {t['percent']}。",
    "arrived-elsewhere": lambda t: f"交接单写明送往{t['destination']}，却在{t['site']}签收，{t.bags}。",
    "not-on-this-trip": lambda t: f"{t['site']}签收了不在这张交接单上的{t.bags}。",
    "missing-collect": lambda t: f"{t['since']} 已登记{t['step']}，但一直没有封袋登记。",
    "missing-depart": lambda t: f"{t['since']} 已登记{t['step']}，但上一个地方一直没有发运登记。",
    "missing-arrive": lambda t: f"{t['since']} 已登记{t['step']}，但车到以后一直没有签收登记。",
    "container-at-two-places": lambda t: f"同一个箱先在{t['other_site']}登记，没有发运又在{t['site']}登记。",
    "off-site-scan": lambda t: f"登记时手机离站点 {t['distance_m']}（定位误差 {t['accuracy_m']}）{t.more}。",
    "impossible-speed": _speed,
    "repeated-unit-code": lambda t: f"同一个瓶码此前已在{t['first_site']}登记过{t.more}。",
    "implausible-pieces": lambda t: f"登记 {t['pieces']} 件，折算 {t['counted_g']}，封袋称重却是 {t['sealed_g']}，是折算的 {t['percent']}。",
    "rate-over-100": lambda t: f"{t.window} 年回收 {t['collected_g']}，比产生量 {t['generated_g']} 还多，是它的 {t['percent']}。",
    "recovered-over-sold": lambda t: f"{t.window} 年回收 {t['pieces']} 件，销售只有 {t['units']} 件，是销售的 {t['percent']}。",
    "silent-point": lambda t: f"{t['month']} 整月没有登记回收，也没有申报零报告。",
    "quarter-end-burst": lambda t: f"季末最后 {t['last_days']} 天登记 {t['last_g']}，此前 {t['earlier_days']} 天一共 {t['before_g']}。",
    "round-weights": lambda t: f"{t['weights']} 次称重里，尾数分布不像秤上读出的（卡方值 {t['chi_square']}）。",
    "night-entries": lambda t: f"夜里登记{t.more}，第一次在 {t['at']}。",
    "device-chain-broken": _broken,
    "device-sequence-skipped": lambda t: f"这部手机的第 {t['seq']} 号登记之前缺 {t['missing']} 条，一直没有上传：可能被删掉了，或者被退回后没有重新登记。",
}  # fmt: skip


def sentence(rule: str, window: str, figures: Figures, name: NameOf) -> str:
    """Return what a finding says, for a rule of the catalogue."""
    # A number and its unit stay on one line of a phone.
    return _UNIT.sub("\u00a0", SENTENCES[rule](_Told(figures, name, window)))


LABELS = {
    "before_g": "上次称重", "after_g": "这次称重", "difference_g": "相差", "percent": "比例",
    "mass_g": "重量", "held_g": "存量", "capacity_g": "核定容量", "sealed_g": "封袋重量",
    "counted_g": "按件数折算", "pieces": "件数", "units": "销售件数", "collected_g": "回收量",
    "generated_g": "产生量", "distance_m": "距离", "accuracy_m": "定位误差", "seconds": "间隔",
    "km_h": "速度", "times": "次数", "last_g": "季末几天回收", "last_days": "季末天数",
    "earlier_days": "此前天数", "weights": "称重次数", "chi_square": "卡方值",
    "sealed_on": "封袋日期", "departed_on": "发运日期", "month": "月份", "on": "日期", "at": "时间",
    "since": "登记时间", "step": "已登记", "outcome": "签收结果", "trip": "转运交接单",
    "receiver": "接收单位", "destination": "目的地", "site": "登记站点", "other_site": "此前站点",
    "first_site": "首次登记站点", "from_site": "此前站点", "to_site": "这次站点",
    "at_site": "签收站点", "seq": "手机登记序号", "missing": "缺少条数", "count": "涉及",
}  # fmt: skip
"""Figures that are shown, in this order; others (lists, ids) are for programs."""


def measured(figures: Figures, name: NameOf) -> list[tuple[str, str]]:
    """Return what was measured, as labels and words."""
    told = _Told(figures, name)
    return [
        (label, f"{told[key]} 处" if key == "count" else told[key])
        for key, label in LABELS.items()
        if figures.get(key) is not None and not (key == "count" and figures[key] == 1)
    ]


BOUNDS = {
    ("weight-difference", "percent"): "相差比例不超过",
    ("weight-difference", "mass"): "相差重量不超过",
    ("trip-overdue", "internal"): "发运后签收期限",
    ("trip-overdue", "hazardous"): "发运后签收期限（危险废物）",
    ("over-long-storage", "point"): "回收点存放期限",
    ("over-long-storage", "station"): "贮存站存放期限",
    ("over-long-storage", "law"): "法定存放期限",
    ("full-store", "percent"): "存量不超过核定容量的",
    ("off-site-scan", "distance"): "离站点不超过",
    ("off-site-scan", "accuracy"): "只看误差不超过的定位",
    ("off-site-scan", "count"): "一天几次才提示",
    ("impossible-speed", "speed"): "速度不超过",
    ("impossible-speed", "distance"): "只看远于",
    ("implausible-pieces", "low"): "封袋重量不低于折算的",
    ("implausible-pieces", "high"): "封袋重量不高于折算的",
    ("rate-over-100", "percent"): "回收率不超过",
    ("recovered-over-sold", "percent"): "不超过销售件数的",
    ("silent-point", "grace"): "月末后等待补传",
    ("quarter-end-burst", "days"): "季末天数",
    ("quarter-end-burst", "percent"): "日均不超过平时的",
    ("quarter-end-burst", "mass"): "只看多于",
    ("round-weights", "weights"): "至少称重",
    ("round-weights", "chi_square"): "卡方值不超过",
    ("round-weights", "digit"): "看哪一位",
    ("night-entries", "from"): "夜间开始",
    ("night-entries", "to"): "夜间结束",
    ("night-entries", "count"): "一夜几次才提示",
    ("device-sequence-skipped", "wait"): "等待补传",
    ("missing-collect", "wait"): "等待补传",
    ("missing-depart", "wait"): "等待补传",
    ("missing-arrive", "wait"): "等待补传",
    ("rate-over-100", "wait"): "连续多久才提示",
    ("recovered-over-sold", "wait"): "连续多久才提示",
}
UNITS: dict[str, Callable[[int], str]] = {
    "g": mass,
    "d": lambda value: f"{value} 天",
    "m": metres,
    "%": lambda value: f"{value} %",
    "km/h": lambda value: f"{value} km/h",
    "n": lambda value: f"{value} 次",
    "h": lambda value: f"{value} 时",
    "1": str,
}


UNIT_NAMES = {
    "g": "克", "d": "天", "m": "米", "%": "%", "km/h": "公里/小时", "n": "次", "h": "点钟", "1": "数值",
}  # fmt: skip
"""Units as a form asks for them."""


def label_of(rule: str, key: str) -> str:
    """Return what a bound is called."""
    return BOUNDS.get((rule, key), key)


def bounds(rule: str, figures: Figures) -> list[Bound]:
    """Return the thresholds that a finding was judged by."""
    found = []
    for key, row in (figures.get("thresholds") or {}).items():
        label = label_of(rule, key)
        value = UNITS.get(row["unit"], str)(row["value"])
        source = row["source"]
        assumed = source.startswith(ASSUMED)
        found.append(Bound(label, value, source.removeprefix(ASSUMED).strip(), assumed))
    return found


def sites_in(figures: Figures) -> set[str]:
    """Return the codes of sites whose names a sentence needs."""
    return {str(figures[key]) for key in SITES if figures.get(key)}
