"""A code as people type or scan it, at the edge: what cannot be one is a problem, not a search."""

from app.batches.codes import CodeError, parse_code
from app.batches.errors import MistypedCode


def typed_code(text: str, *, pointer: str) -> str:
    """Return the label code in `text` as printed; MistypedCode, pointing at `pointer`."""
    try:
        return parse_code(text)
    except CodeError as error:
        wrong_shape = error.kind == "shape"
        raise MistypedCode(
            batch=text,
            reason="格式不对" if wrong_shape else "校验位不符",
            reason_en="not the shape of a code" if wrong_shape else "the check digits do not fit",
            pointer=pointer,
        ) from None
