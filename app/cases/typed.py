"""The form of a step on a case as a person sends it: which step, what is said, which photos."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from starlette.datastructures import FormData, UploadFile

from app.cases.photos import draw_all
from app.cases.schemas import LONGEST_NOTE
from app.cases.work import Said
from app.errors import InvalidBody
from app.ids import SYSTEM, uuid7

FIELDS = ("act", "text", "id")


@dataclass(frozen=True)
class Typed:
    """What was typed; `id` makes a form that is sent twice one note."""

    act: str = ""
    text: str = ""
    id: str = ""
    resumed: bool = False


def fresh() -> Typed:
    """Return an empty form."""
    return Typed(id=str(uuid7(SYSTEM, datetime.now(UTC))))


def typed_in(form: FormData) -> Typed:
    """Return a form as it was sent; what is missing is empty."""
    values = {name: form.get(name) for name in FIELDS}
    text = {name: value.strip() for name, value in values.items() if isinstance(value, str)}
    return Typed(**text, resumed=bool(form.get("resumed")))


async def said_in(typed: Typed, form: FormData) -> Said:
    """Return what is said, photos drawn; InvalidBody, PhotoNotValid. Takes time: no transaction."""
    if len(typed.text) > LONGEST_NOTE:
        raise InvalidBody.at(
            "/text", f"至多 {LONGEST_NOTE} 个字", f"at most {LONGEST_NOTE} characters"
        )
    try:
        id_ = UUID(typed.id) if typed.id else None
    except ValueError:
        raise InvalidBody.at("/id", "应为 UUID", "must be a UUID") from None
    files = [
        await one.read()
        for one in form.getlist("file")
        if isinstance(one, UploadFile) and one.filename
    ]
    return Said(typed.text.replace("\x00", ""), await draw_all(files), id_)
