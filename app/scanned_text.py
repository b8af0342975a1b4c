r"""White space in scanned and pasted text: one set, where Python and JavaScript each have their own.

`str.strip` and `\s` of the two differ in a byte order mark, in the separators \x1c to \x1f, in \x85
and in \u180e. app/static/scan/unit_code.js holds the same set. Both count characters as code points.
"""

_RANGES = (
    ("\t", "\r"), ("\x1c", " "), ("\x85", "\x85"), ("\xa0", "\xa0"), ("\u1680", "\u1680"),
    ("\u180e", "\u180e"), ("\u2000", "\u200f"), ("\u2028", "\u202f"), ("\u205f", "\u2060"),
    ("\u3000", "\u3000"), ("\ufeff", "\ufeff"),
)  # fmt: skip
"""What either language takes for white space, and what is pasted along unseen: joiners, directions."""

SPACES = "".join(chr(at) for first, last in _RANGES for at in range(ord(first), ord(last) + 1))
SPACE = "".join(f"\\u{ord(first):04x}-\\u{ord(last):04x}" for first, last in _RANGES)
"""The inside of a character class of a regular expression."""


def trimmed(text: str) -> str:
    """Return a text without the white space at its ends."""
    return text.strip(SPACES)
