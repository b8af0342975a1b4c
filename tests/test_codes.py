"""Label, site and trip codes: what is made, what is mended, which slips are noticed."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from app.batches.codes import (
    ALPHABET,
    CodeError,
    TripNumber,
    make_code,
    nearest,
    parse_code,
    parse_site_code,
    parse_trip_number,
    site_kind,
)

BITS = st.integers(0, 2**40 - 1)
COUNTIES = st.sampled_from(["130110", "130682", "130181", "130632", "130929", "131182"])
CODES = st.builds(make_code, COUNTIES, BITS)
CODE = make_code("130110", 0x123456789A)


@given(COUNTIES, BITS)
def test_a_made_code_has_the_printed_shape_and_parses_to_itself(county: str, bits: int) -> None:
    code = make_code(county, bits)
    assert [len(part) for part in code.split("-")] == [6, 4, 4, 2]
    assert code.startswith(county)
    assert mod_97_10.is_valid(code.replace("-", ""))
    assert parse_code(code) == code == make_code(county, bits)


@given(CODES)
def test_every_single_wrong_character_is_noticed(code: str) -> None:
    compact = code.replace("-", "")
    for at, right in enumerate(compact):
        for wrong in ALPHABET:
            if wrong != right:
                with pytest.raises(CodeError):
                    parse_code(compact[:at] + wrong + compact[at + 1 :])


@given(CODES)
def test_every_swap_of_neighbours_is_noticed(code: str) -> None:
    compact = code.replace("-", "")
    for at in range(15):
        left, right = compact[at], compact[at + 1]
        if left != right:
            with pytest.raises(CodeError):
                parse_code(compact[:at] + right + left + compact[at + 2 :])


@given(CODES, st.sampled_from(["HTTPS://NY.HEBEI.GOV.CN/B/", "http://10.0.0.1:8000/b/", ""]))
def test_what_phones_and_people_make_of_a_code_is_mended(code: str, prefix: str) -> None:
    assert parse_code(prefix + code.lower()) == code
    assert parse_code(prefix + code.replace("-", "")) == code
    assert parse_code(prefix + code.replace("0", "O").replace("1", "l")) == code
    assert parse_code(f"  {prefix}{code}\n") == code


@pytest.mark.parametrize(
    "text",
    [
        CODE.replace("-", " "),
        CODE.replace("-", "—"),
        CODE.replace("1", "I").replace("0", "o"),
        "".join(chr(ord(c) + 0xFEE0) for c in CODE),
        f"HTTPS://EXAMPLE.CN/B/{CODE}/",
        f"https://example.cn/b/{CODE}?from=wechat#top",
    ],
)
def test_further_spellings_of_one_code(text: str) -> None:
    assert parse_code(text) == CODE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        CODE + "0",
        CODE[:-1],
        CODE[:-2] + "A1",
        "A" + CODE[1:],
        CODE[:7] + "U" + CODE[8:],
        CODE[:7] + "\x00" + CODE[8:],
        CODE[:7] + "\ud800" + CODE[8:],
        CODE[:7] + "ı" + CODE[8:],
        "١" + CODE[1:],
        f"{CODE} {CODE}",
        f"HTTPS://EXAMPLE.CN/X/{CODE}",
        f"FTP://EXAMPLE.CN/B/{CODE}",
        "130110-P0001",
        "9" * 100_000,
    ],
)
def test_what_is_no_code_at_all_has_the_wrong_shape(text: str) -> None:
    with pytest.raises(CodeError) as caught:
        parse_code(text)
    assert caught.value.kind == "shape"


def test_a_mistyped_code_is_told_apart_by_its_check_digits() -> None:
    with pytest.raises(CodeError, match="校验位") as caught:
        parse_code(CODE[:-2] + f"{(int(CODE[-2:]) + 1) % 100:02}")
    assert caught.value.kind == "check_digits"


def test_check_digits_01_do_not_pass_for_98() -> None:
    code = next(c for c in (make_code("130110", n) for n in range(5000)) if c.endswith("98"))
    assert mod_97_10.is_valid(code.replace("-", "")[:-2] + "01")
    with pytest.raises(CodeError):
        parse_code(code[:-2] + "01")


@given(st.text(max_size=60))
def test_any_text_is_a_code_or_a_code_error(text: str) -> None:
    for parse in (parse_code, parse_site_code, parse_trip_number):
        with suppress(CodeError):
            parse(text)


@given(CODES, st.lists(CODES, max_size=5), st.integers(0, 15), st.sampled_from(ALPHABET))
def test_the_issued_code_is_offered_for_one_slip(
    code: str, others: list[str], at: int, wrong: str
) -> None:
    compact = code.replace("-", "")
    mistyped = compact[:at] + wrong + compact[at + 1 :]
    assert code in nearest(mistyped, [*others, code], limit=6)
    assert code in nearest(compact[:at] + compact[at + 1 :], [*others, code], limit=6)
    assert nearest(mistyped, [code, make_code("130826", 7)]) == [code]


def test_codes_far_from_what_was_typed_are_not_offered() -> None:
    assert nearest(CODE, [make_code("130682", 0)]) == []
    assert nearest("", [CODE]) == []
    assert nearest(CODE, []) == []


@pytest.mark.parametrize(
    ("text", "code", "kind"),
    [
        ("130110-P0001", "130110-P0001", "P"),
        (" l30llo p ooo1 ", "130110-P0001", "P"),
        ("130110l0012", "130110-L0012", "L"),
        ("130110-I00I2", "130110-I0012", "I"),
        ("130110h9999", "130110-H9999", "H"),
    ],
)
def test_a_site_code_is_mended_and_keeps_its_kind(text: str, code: str, kind: str) -> None:
    assert parse_site_code(text) == code
    assert site_kind(code) == kind


@pytest.mark.parametrize("text", ["", "130110-X0001", "130110-P001", "13011-P0001", CODE])
def test_what_is_no_site_code_is_refused(text: str) -> None:
    with pytest.raises(CodeError):
        parse_site_code(text)


@given(st.dates(date(2020, 10, 1), date(2099, 12, 31)), COUNTIES, st.integers(0, 9999))
def test_a_trip_number_reads_back(day: date, county: str, serial: int) -> None:
    number = TripNumber(day, county, serial)
    assert len(str(number)) == 20
    assert parse_trip_number(str(number).lower()) == number


@pytest.mark.parametrize(
    "text", ["", "ZY202513011301100001", "ZY20251104130110001", "XX202511041301100001"]
)
def test_what_is_no_trip_number_is_refused(text: str) -> None:
    with pytest.raises(CodeError):
        parse_trip_number(text)
