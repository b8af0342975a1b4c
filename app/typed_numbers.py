"""Numbers as people type them, and back. Pure."""

import re
import unicodedata
from decimal import Decimal

_NUMBER = re.compile(r"\d{1,7}(\.\d{1,3})?")


def scaled(text: str, places: int) -> int | None:
    """Return a typed decimal times 10 to the `places`, None where nothing was typed.

    Full-width digits and a Chinese full stop for the point are read too, as phones write them.
    Raises ValueError for anything else, or for more places.
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").replace("。", ".")
    if not plain:
        return None
    if not _NUMBER.fullmatch(plain):
        raise ValueError(text)
    whole = Decimal(plain).scaleb(places)
    if whole != int(whole):
        raise ValueError(text)
    return int(whole)


def in_kilograms(grams: int | None) -> str:
    """Return grams as a person types kilograms: no zeros at the end, nothing for None."""
    if grams is None:
        return ""
    whole, rest = divmod(grams, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
