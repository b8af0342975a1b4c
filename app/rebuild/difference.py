"""What stands and what should stand, said so that a person finds the place. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
"""A row as JSON has it."""


@dataclass(frozen=True)
class Difference:
    """One place that is not what the leaves say; `column` is None where a whole row is concerned."""

    table: str
    key: str
    column: str | None
    stands: str | None
    should: str | None

    def words(self) -> str:
        """Return where it is, what stands there and what should stand."""
        place = f"{self.table}（{self.key}）"
        if self.column is None and self.stands is None:
            return f"{place} 缺这一行，应为 / the row is missing, should be: {self.should}"
        if self.column is None:
            return f"{place} 不该有这一行 / the row should not be there: {self.stands}"
        stands, should = self.stands, self.should
        return f"{place} {self.column} 现为 {stands}，应为 {should} / stands, should be"


@dataclass(frozen=True)
class Found:
    """The rows of a table that differ: how many, and the first by its key."""

    rows: int
    first: Difference
    beyond_repair: bool = False
    """It lies in the log itself, or rests on something that stands in no leaf."""

    @property
    def table(self) -> str:
        """The table that they are in."""
        return self.first.table


def difference(
    table: str, keys: Iterable[str], stands: Row | None, should: Row | None
) -> Difference:
    """Return how two rows of one key differ, the first column of theirs that does; None is no row."""
    told = stands if stands is not None else should
    assert told is not None, "one of them is a row"
    key = ", ".join(f"{name}={_text(told[name])}" for name in keys)
    if stands is None or should is None:
        row = json.dumps(told, ensure_ascii=False, default=str)
        return Difference(table, key, None, row if stands else None, row if should else None)
    for column in stands:
        if stands[column] != should[column]:
            path, left, right = _first_within(column, stands[column], should[column])
            return Difference(table, key, path, _text(left), _text(right))
    raise AssertionError("the rows are alike")


def _first_within(path: str, left: Any, right: Any) -> tuple[str, Any, Any]:
    """Return the first place within a JSON column where two values differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(left.keys() | right.keys()):
            if left.get(name) != right.get(name) or (name in left) != (name in right):
                return _first_within(f"{path}.{name}", left.get(name), right.get(name))
    return path, left, right


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
