"""The 32-digit code of one pesticide unit, out of what a phone scanned. 农业部公告第2579号. Pure."""

import re
from urllib.parse import parse_qsl, urlsplit

DIGITS = 32
MOST_DIGITS = 64
"""公告第1049号 is reported to allow more than 32."""
NAMED = ("c", "q", "code")
_RUN = re.compile(r"(?<![0-9])[0-9]{32,64}(?![0-9])")


def unit_code(payload: str) -> str | None:
    """Return the unit's code in a scanned payload; None where there is none.

    In this order: a named parameter of the URL, any parameter of digits alone, the first run
    of 32 digits or more. One code a unit; some makers print one a batch, so a repeat is a hint.
    """
    parameters = dict(parse_qsl(urlsplit(payload.strip()).query)) if "?" in payload else {}
    for value in (*(parameters.get(name, "") for name in NAMED), *parameters.values()):
        if _is_code(value):
            return value
    found = _RUN.search(payload)
    return found.group() if found else None


def _is_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and DIGITS <= len(text) <= MOST_DIGITS
