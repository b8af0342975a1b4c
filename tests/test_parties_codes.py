"""Plates and credit codes: what is accepted, what is mended, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from stdnum.cn import uscc

from app.parties.credit import CreditCodeError, normalise_credit_code
from app.parties.plates import PlateError, normalise_plate

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("冀A12345", "冀A12345"),
        ("冀a·12b45", "冀A12B45"),
        (" 冀 R-1 2 3 A B ", "冀R123AB"),
        ("冀Ａ１２３４５", "冀A12345"),
        ("冀AD12345", "冀AD12345"),
        ("冀AFA1234", "冀AFA1234"),
        ("京A12345D", "京A12345D"),
        ("冀A1234挂", "冀A1234挂"),
        ("冀a•b234挂", "冀AB234挂"),
    ],
)
def test_a_plate_is_mended_and_kept(text: str, plate: str) -> None:
    assert normalise_plate(text) == plate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "冀A1234",
        "冀A123456",
        "冀I12345",
        "冀A1234O",
        "冀AABC12",
        "冀112345",
        "A冀12345",
        "中A12345",
        "冀AZ12345",
        "冀AD123456",
        "冀ADAA234",
        "冀A12345挂",
        "冀A挂1234",
        "冀A1234警",
        "冀A12345\n冀A12345",
        "冀A١٢٣٤٥",
        "冀A12345\x00",
        "\ud800A12345",
    ],
)
def test_what_is_no_plate_is_refused(text: str) -> None:
    with pytest.raises(PlateError):
        normalise_plate(text)


@given(st.sampled_from(LETTERS), st.text("0123456789", min_size=5, max_size=5))
def test_normalising_a_plate_twice_changes_nothing(letter: str, serial: str) -> None:
    plate = normalise_plate(f"冀{letter.lower()} {serial}")
    assert normalise_plate(plate) == plate == f"冀{letter}{serial}"


@given(st.text(max_size=12))
def test_any_text_is_a_plate_or_a_plate_error(text: str) -> None:
    try:
        plate = normalise_plate(text)
    except PlateError:
        return
    assert len(plate) in {7, 8}


def test_a_published_credit_code_is_accepted() -> None:
    assert normalise_credit_code("9111 0000 6000 3734 1l") == "91110000600037341L"


@pytest.mark.parametrize(
    "text",
    ["", "91110000600037341", "A1110000600037341L", "91110000600037341LL", "9111000060003734IL"],
)
def test_what_has_not_the_form_of_a_credit_code_is_refused(text: str) -> None:
    with pytest.raises(CreditCodeError):
        normalise_credit_code(text)


def credit_code(head: str, tail: str) -> str:
    body = head + tail
    return body + str(uscc.calc_check_digit(body))


BODIES = st.builds(
    credit_code,
    st.sampled_from(["91130110", "93130682", "N2130110", "54130181"]),
    st.text(USCC_ALPHABET, min_size=9, max_size=9),
)


@given(BODIES)
def test_a_credit_code_with_a_fitting_check_digit_is_accepted(code: str) -> None:
    assert normalise_credit_code(code.lower()) == code


@given(BODIES, st.integers(8, 17), st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_in_a_credit_code_is_noticed(code: str, at: int, other: str) -> None:
    mistyped = code[:at] + other + code[at + 1 :]
    if mistyped != code:
        with pytest.raises(CreditCodeError, match="校验位"):
            normalise_credit_code(mistyped)


ORGANISATION = (
    "organisation (credit_code, name, pinyin, kind, county) VALUES ('no', 'x', 'x', 'x', '1')"
)


@pytest.mark.parametrize(
    ("table", "constraint"),
    [
        (ORGANISATION, "credit_code_shape"),
        ("vehicle (plate, organisation) VALUES ('TRUCK 1', 'x')", "plate_shape"),
    ],
)
async def test_the_database_refuses_what_cannot_be_a_code_or_a_plate(database, table, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        async with database.write() as session:
            await session.execute(sql(f"INSERT INTO {table}"))
