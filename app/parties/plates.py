"""Chinese vehicle plates (GA 36-2018): ordinary, new-energy and trailer plates."""

import re
import unicodedata

# Issuing letters and serials leave out I and O, which look like 1 and 0.
_LETTER = "A-HJ-NP-Z"
_PROVINCE = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_ISSUER = f"[{_PROVINCE}][{_LETTER}]"
_ORDINARY = re.compile(f"{_ISSUER}(?=(?:[0-9]*[{_LETTER}]){{0,2}}[0-9]*$)[0-9{_LETTER}]{{5}}")
_SMALL_NEW_ENERGY = re.compile(f"{_ISSUER}[A-HJK][0-9{_LETTER}][0-9]{{4}}")
_LARGE_NEW_ENERGY = re.compile(f"{_ISSUER}[0-9]{{5}}[A-HJK]")
_TRAILER = re.compile(f"{_ISSUER}[0-9{_LETTER}]{{4}}挂")
_FORMS = (_ORDINARY, _SMALL_NEW_ENERGY, _LARGE_NEW_ENERGY, _TRAILER)
_SEPARATORS = re.compile(r"[\s·•・‧∙.\-–—_]")


class PlateError(ValueError):
    """The text is not a plate of a kind that may carry packaging waste."""


def normalise_plate(text: str) -> str:
    """Return the plate in capitals without separators, such as `冀A12345` or `冀AD12345`.

    Takes seven characters (at most two letters in the serial), eight of a new-energy vehicle,
    and trailers ending in 挂; full-width characters, lower case and separators are mended.
    Raises PlateError for anything else.
    """
    plate = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    if not any(form.fullmatch(plate) for form in _FORMS):
        raise PlateError(f"不是有效的车牌号：{text}")
    return plate
