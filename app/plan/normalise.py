"""What is changed between the scanned source and the text as loaded: spacing and marks, by name.

Pure. Nothing else is changed: punctuation of half width, odd brackets and missing signatures stay
as the scan has them and are annotated (`data/annotations.csv`), not mended.
"""

import re
from collections.abc import Callable

_MARKS = re.compile(r"^#+\s*", re.MULTILINE)
_SUBSCRIPT = re.compile(r"</?sub>")


def without_headings(text: str) -> str:
    """Take away the `#` before a heading: a paragraph's kind says that it is one."""
    return _MARKS.sub("", text)


def without_emphasis(text: str) -> str:
    """Take away `**` around bold words: the name of a project stands in its own table."""
    return text.replace("**", "")


def without_subscripts(text: str) -> str:
    """Write PM<sub>2.5</sub> as PM2.5."""
    return _SUBSCRIPT.sub("", text)


def without_spacing(text: str) -> str:
    """Take away blanks and line breaks.

    The scan breaks lines inside words and sets blanks around digits at random; no word of the
    document is written with a blank inside.
    """
    return "".join(text.split())


RULES: tuple[Callable[[str], str], ...] = (
    without_headings,
    without_emphasis,
    without_subscripts,
    without_spacing,
)
"""The named rules, in the order in which they are applied."""


def normalised(text: str) -> str:
    """Return a text of the source as it is loaded."""
    for rule in RULES:
        text = rule(text)
    return text
