"""The wire shape of a phone's offline queue."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.events.fields import Instant
from app.web import Wire


class CaptureDevice(Wire):
    """The phone that sends a queue."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class CaptureBody(Wire):
    """An offline queue: each event is decided by itself, so they are parsed one by one."""

    device: CaptureDevice
    sent_at: Instant | None = None
    events: Annotated[list[Any], Field(min_length=1, max_length=500)]
