"""How a value stands in a cell of a .csv for Excel."""

from datetime import date
from typing import Any

BOM = "\ufeff".encode()
"""What makes Excel read a .csv as UTF-8."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def cell_of(value: Any) -> Any:
    """Return a value as a cell: text that looks like a formula is made text, numbers stay."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
