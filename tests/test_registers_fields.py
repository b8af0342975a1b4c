"""One value of a field: what is read, what is refused, and that reading never fails otherwise."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.registers.fields import KINDS, Field, parse, parse_day, parse_text, shown
from app.web import Unfit
from tests.offices import credit_code

NAMES = {"130110": "鹿泉区", "130104": "桥西区", "130703": "桥西区"}


def codes(text: str) -> list[str]:
    return [text] if text in NAMES else [code for code, name in NAMES.items() if name == text]


def field(kind: str) -> Field:
    return Field(
        name="it",
        label="它",
        kind=kind,
        unit="万平方米" if kind == "quantity" else None,
        choices=("省级", "A类") if kind == "choice" else (),
    )


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        ("text", "  =SUM(A1) ", "=SUM(A1)"),
        ("text", "两\n行", "两\n行"),
        ("text", "   ", None),
        ("integer", 0, 0),
        ("integer", "１２", 12),
        ("integer", "1,234", 1_234),
        ("integer", 5.0, 5),
        ("quantity", 1340, 1_340),
        ("quantity", "1340 万平方米", 1_340),
        ("quantity", "１３４０万平方米", 1_340),
        ("quantity", "1,340.50万 平方米", 1_340.5),
        ("quantity", 0.1, 0.1),
        ("quantity", "0", 0),
        ("date", "2026-01-31", "2026-01-31"),
        ("date", "2026/1/31", "2026-01-31"),
        ("date", "2026.1.31", "2026-01-31"),
        ("date", "2026年1月31日", "2026-01-31"),
        ("date", "２０２６ 年 1 月 31 日", "2026-01-31"),
        ("date", "2026-01-31 00:00:00", "2026-01-31"),
        ("year", 2025, 2025),
        ("year", "2025年", 2025),
        ("choice", " a类 ", "A类"),
        ("credit_code", credit_code(1).lower(), credit_code(1)),
        ("county", "130110", "130110"),
        ("county", "鹿泉区", "130110"),
        ("county", 130110, "130110"),
        ("phone", "13800000000", "13800000000"),
        ("phone", "0311-12345678", "0311-12345678"),
        ("phone", "0311-12345678-801", "0311-12345678-801"),
        ("phone", "400-123-4567", "400-123-4567"),
        ("url", "https://hebei.gov.cn/a?b=1", "https://hebei.gov.cn/a?b=1"),
    ],
)
def test_what_fits_is_read_in_its_normal_form(kind, sent, value):
    found = parse(field(kind), sent, codes)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "sent", "words"),
    [
        ("text", 5, "应为文字"),
        ("text", "a\x07b", "不能保存"),
        ("text", "#REF!", "公式"),
        ("text", "长" * 2_001, "至多 2000 个字"),
        ("integer", -1, "不得小于 0"),
        ("integer", "1.5", "应为整数"),
        ("integer", "五", "应为整数"),
        ("integer", "5 家", "应为整数"),
        ("integer", 10**15, "过大"),
        ("quantity", "1200 吨、2 万吨", "单位为万平方米"),
        ("quantity", "1 万平方米 2 万平方米", "单位为万平方米"),
        ("quantity", "1340 平方米", "单位应为万平方米"),
        ("quantity", "万平方米", "单位为万平方米"),
        ("quantity", "10-20", "单位为万平方米"),
        ("quantity", "1e5", "单位为万平方米"),
        ("quantity", "-3 万平方米", "不得小于 0"),
        ("quantity", "0.1234567890123456", "至多 15 位"),
        ("quantity", float("inf"), "单位为万平方米"),
        ("quantity", float("nan"), "单位为万平方米"),
        ("date", "2026-02-29", "没有这一天"),
        ("date", "2026-1/31", "应为日期"),
        ("date", "20260131", "应为日期"),
        ("date", 46053, "应为文字"),
        ("date", "1948-12-31", "1949"),
        ("date", "9999-12-31", "2199"),
        ("year", "25", "年份"),
        ("year", 1900, "1949"),
        ("choice", "市级", "省级、A类"),
        ("choice", 1, "省级、A类"),
        ("credit_code", "91130100", "18 位"),
        ("credit_code", 91, "应为文字"),
        ("county", "石门", "没有这个县"),
        ("county", "桥西区", "130104、130703"),
        ("phone", "12345", "应为手机号码"),
        ("url", "javascript:alert(1)", "http"),
        ("url", "https://user:pass@x.cn", "http"),
        ("url", "https://[", "http"),
        ("url", "https://x.cn/a b", "http"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(kind, sent, words):
    with pytest.raises(Unfit, match=words) as refused:
        parse(field(kind), sent, codes)
    assert refused.value.english


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()),
    st.dictionaries(st.text(), st.text()),
)  # fmt: skip


@given(st.sampled_from(sorted(KINDS)), ANYTHING)
def test_whatever_is_sent_is_read_or_refused(kind, sent):
    try:
        found = parse(field(kind), sent, codes)
    except Unfit:
        return
    assert found is None or parse(field(kind), found, codes) == found


@given(st.decimals(0, 10**9, places=4, allow_nan=False))
def test_a_quantity_is_exact_through_reading_and_showing(amount):
    found = parse(field("quantity"), f"{amount} 万平方米", codes)
    assert Decimal(repr(found)) == amount
    assert Decimal(shown(field("quantity"), found, {}).split()[0]) == amount


@given(st.dates(date(1949, 1, 1), date(2199, 12, 31)))
def test_a_day_is_read_however_it_is_written(day):
    for written in (
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
    ):
        assert parse_day(written) == day


@given(st.sampled_from("=+-@"), st.text("ABC()1", max_size=20))
def test_what_begins_like_a_formula_is_text(first, rest):
    assert parse_text(first + rest) == first + rest


@given(st.integers(0, 10**8 - 1), st.integers(0, 17), st.sampled_from("0123456789ABCDEFGH"))
def test_a_mistyped_credit_code_is_refused(number, place, other):
    code = credit_code(number)
    wrong = code[:place] + other + code[place + 1 :]
    if wrong == code:
        assert parse(field("credit_code"), wrong, codes) == code
    else:
        with pytest.raises(Unfit):
            parse(field("credit_code"), wrong, codes)
