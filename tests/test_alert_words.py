"""What alerts say: a sentence for each rule, a label for each bound, no gap where a figure is."""

import pytest

from app.alerts.rules.catalogue import RULES
from app.alerts.said import BOUNDS, SENTENCES, bounds, measured, sentence

FIGURES = {
    "trip-overdue": (
        {"trip": "ZY1", "destination": "S1", "departed_on": "2026-06-01", "mass_g": 5_000, "count": 3},
        "2026-06-01 发往县贮存点的车，还有 3 袋没有签收。",
    ),
    "short-arrival": (
        {"at_site": "S1", "outcome": "missing", "mass_g": 900, "count": 1},
        "县贮存点签收时有一袋缺失，900 g，还没有下落。",
    ),
    "impossible-speed": (
        {"from_site": "S1", "to_site": "P1", "seconds": 600, "distance_m": 48_000, "km_h": 288},
        "在县贮存点登记后，隔 10 分钟又在P1登记，两处直线相距 48.0 km，合 288 km/h，正常走不了这么快。",
    ),
    "rate-over-100": (
        {"collected_g": 1_814_000, "generated_g": 1_680_000, "percent": 108.0},
        "2026 年回收 1.814 t，比产生量 1.680 t 还多，是它的 108.0 %。",
    ),
    "silent-point": ({"month": "2026-07"}, "2026-07 整月没有登记回收，也没有申报零报告。"),
    "night-entries": (
        {"at": "2026-07-01T16:30:00+00:00", "count": 4},
        "夜里登记，共 4 次，第一次在 2026-07-02 00:30。",
    ),
}  # fmt: skip


def name(code: str) -> str:
    return {"S1": "县贮存点"}.get(code, code)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize("rule", FIGURES)
def test_a_finding_is_told_in_one_plain_sentence(rule):
    figures, said = FIGURES[rule]
    assert plain(sentence(rule, "2026", figures, name)) == said


def test_a_number_and_its_unit_stay_on_one_line():
    assert "1.814\u00a0t" in sentence("rate-over-100", "2026", FIGURES["rate-over-100"][0], name)


def test_every_rule_has_a_sentence_that_bears_missing_figures():
    assert set(SENTENCES) == set(RULES)
    for rule in RULES:
        said = sentence(rule, "2026", {}, name)
        assert said.endswith("。")
        assert "None" not in said


def test_every_bound_of_every_rule_has_a_label_in_words():
    for rule in RULES.values():
        for key, unit in rule.units.items():
            row = {"value": 7, "unit": unit, "source": "[assume] 暂定"}
            [bound] = bounds(rule.name, {"thresholds": {key: row}})
            assert bound.label not in rule.units
            assert (bound.assumed, bound.source) == (True, "暂定")
            assert "7" in bound.value
    assert {rule for rule, _ in BOUNDS} <= set(RULES)


def test_figures_are_shown_with_labels_and_a_count_of_one_is_left_out():
    rows = dict(measured({"held_g": 950_000, "count": 1, "thresholds": {}}, name))
    assert rows == {"存量": "950.00 kg"}
    assert dict(measured({"count": 4}, name)) == {"涉及": "4 处"}
