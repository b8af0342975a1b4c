"""The declarative base, the one naming convention for constraints, and lists as one parameter."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
    any_,
    bindparam,
    literal,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Base of every table. Strings are `text`: `char(n)` against `text[]` loses the index."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        int: BigInteger(),
        bytes: LargeBinary(),
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        list[str]: ARRAY(Text()),
    }


def among(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """Return `column = ANY(values)`: one parameter and one statement, however many values.

    `IN` takes a parameter a value, of which PostgreSQL's protocol holds 32 767.
    """
    found: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(column.type)))
    return found


def among_given(column: Any, name: str) -> ColumnElement[bool]:
    """Return `column = ANY(:name)`, for statements that are built once and run often.

    To build a statement and find it again in the cache takes longer than to run a small one.
    """
    found: ColumnElement[bool] = column == any_(bindparam(name, type_=ARRAY(column.type)))
    return found


def overlaps(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """Return `column && values`: whether an array column holds any of the values."""
    found: ColumnElement[bool] = column.op("&&")(literal(list(values), column.type))
    return found
