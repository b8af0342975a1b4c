"""What a form says that was not recorded: on top of it, and at its fields."""

from app.errors import DomainError, InvalidBody
from app.events.as_typed import Filled
from app.events.errors import EventIdReused


def not_recorded(error: DomainError | None, *, wrong: bool) -> dict[str, str] | None:
    """Return the title and the sentence over a refused form; None where nothing is `wrong` in it.

    An id that is spent (EventIdReused) is a form sent twice with other content: the caller gives
    the form a new one, and sending it again is another record.
    """
    if isinstance(error, EventIdReused):
        return {
            "title": "这张表已经登记过",
            "detail": "先前登记的内容与现在不同。如果这是另一次，请再点一次登记。",
        }
    return _not_done(error, wrong=wrong, what="登记")


def not_corrected(error: DomainError | None, *, wrong: bool) -> dict[str, str] | None:
    """Return the title and the sentence over a correction that was refused."""
    if isinstance(error, EventIdReused):
        return {
            "title": "这次更正已经登记过",
            "detail": "先前更正的内容与现在不同。请打开更正后的登记，再更正它。",
        }
    return _not_done(error, wrong=wrong, what="更正")


def _not_done(error: DomainError | None, *, wrong: bool, what: str) -> dict[str, str] | None:
    if error and not isinstance(error, InvalidBody):
        title, detail = error.words()
        return {"title": f"还没有{what}：{title}", "detail": detail}
    if wrong:
        return {"title": f"还没有{what}", "detail": f"请改正下面的内容，再点一次{what}。"}
    return None


def put_at_fields(filled: Filled, error: DomainError) -> None:
    """Put what a refusal says at the fields that it means."""
    for place in error.extras.get("errors", []):
        filled.errors[filled.field_at(place["pointer"])] = place["detail"]
    if "errors" not in error.extras and "pointer" in error.extras:
        filled.errors[filled.field_at(error.extras["pointer"])] = error.words()[1]
