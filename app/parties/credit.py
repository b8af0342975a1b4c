"""The unified social credit code of organisations, 统一社会信用代码 (GB 32100-2015)."""

import re
import unicodedata

from stdnum.cn import uscc

# The digits and the letters without I, O, S, V, Z. Registering departments may be letters (N is
# agriculture: rural collectives), which python-stdnum's own `validate` refuses.
_LETTER = "A-HJ-NP-RTUWXY"
_SHAPE = re.compile(f"[0-9{_LETTER}]{{2}}[0-9]{{6}}[0-9{_LETTER}]{{10}}")
_SEPARATORS = re.compile(r"[\s\-–—]")


class CreditCodeError(ValueError):
    """The text is not a credit code; the message says whether form or check digit is wrong."""


def normalise_credit_code(text: str) -> str:
    """Return the eighteen characters in capitals; CreditCodeError where they are not valid."""
    code = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    if not _SHAPE.fullmatch(code):
        raise CreditCodeError(f"统一社会信用代码应为 18 位数字或大写字母：{text}")
    if uscc.calc_check_digit(code[:17]) != code[17]:
        raise CreditCodeError(f"统一社会信用代码的校验位不符：{text}")
    return code
