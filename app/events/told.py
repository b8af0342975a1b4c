"""What stands on top of a form that was not recorded."""

from app.errors import DomainError, InvalidBody
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
    if error and not isinstance(error, InvalidBody):
        title, detail = error.words()
        return {"title": f"还没有登记：{title}", "detail": detail}
    if wrong:
        return {"title": "还没有登记", "detail": "请改正下面的内容，再点一次登记。"}
    return None
