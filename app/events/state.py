"""A bag's folded state as JSON, for the `batch` row, and back."""

from dataclasses import asdict
from typing import Any

from app.events.fold import LabelFacts, State


def state_to_json(label: LabelFacts, state: State) -> dict[str, Any]:
    """Return a JSON object that `state_from_json` turns into the same state."""
    return {"label": asdict(label), **asdict(state)}


def state_from_json(stored: dict[str, Any]) -> State:
    """Return the state in a batch row."""
    values = {key: value for key, value in stored.items() if key != "label"}
    for key in ("mass", "contents", "flags"):
        values[key] = tuple(tuple(item) for item in values[key])
    if values["last"] is not None:
        values["last"] = tuple(values["last"])
    return State(**values)
