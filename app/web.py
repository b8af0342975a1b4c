"""What every route shares at the edge: strict JSON in, validation errors as problems, templates.

`json.loads` keeps the last of duplicate keys, accepts NaN and recurses without limit, so bodies
are read strictly first; what arrives at a model is exactly what was sent.
"""

import json
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import BodyTooLarge, InvalidBody, UnsupportedMediaType

Shape = TypeVar("Shape", bound=BaseModel)
MAX_DEPTH = 32
MAX_SAFE_INTEGER = 2**53 - 1
MOST_ERRORS = 50
"""Places named in one answer: a body that is wrong everywhere must not get a larger answer."""


class Wire(BaseModel):
    """Base of every shape that comes from outside: strict types, no unknown field."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def language(request: Request) -> str:
    """Return `en` where the client prefers English to Chinese, else `zh`."""
    for part in request.headers.get("accept-language", "").split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "zh"


def strict_json(raw: bytes) -> Any:
    """Parse RFC 8259 JSON without its usual traps.

    Raises InvalidBody for duplicate keys, NaN and infinities, numbers beyond 2⁵³, more than
    32 levels, NUL or lone surrogates in a text, or bytes that are not UTF-8.
    """
    try:
        parsed = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant
        )
    except RecursionError:
        raise InvalidBody.at("", "嵌套层数过多", "nested too deeply") from None
    except UnicodeDecodeError:
        raise InvalidBody.at("", "不是 UTF-8 文本", "not UTF-8") from None
    except Unfit as error:
        raise InvalidBody.at("", str(error), error.english) from None
    except json.JSONDecodeError as error:
        raise InvalidBody.at(
            "",
            f"不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 个字符）",
            f"not valid JSON (line {error.lineno}, column {error.colno})",
        ) from None
    except ValueError:
        # The interpreter's own limit on the digits of one integer.
        raise InvalidBody.at("", "数字过大", "the number is too large") from None
    _check_values(parsed)
    return parsed


class Unfit(ValueError):
    """A value that does not fit, said in Chinese and English; raise it inside a validator.

    `pointer` leads from the validated shape to the field that is meant.
    """

    def __init__(self, chinese: str, english: str, pointer: str = "") -> None:
        super().__init__(chinese)
        self.english = english
        self.pointer = pointer


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unfit("同一个对象里有重复的字段", "a key stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise Unfit(f"不是有效的 JSON（{name}）", f"{name} is not JSON")


def _check_values(parsed: Any) -> None:
    waiting: list[tuple[Any, int, str]] = [(parsed, 0, "")]
    while waiting:
        value, depth, pointer = waiting.pop()
        if depth > MAX_DEPTH:
            raise InvalidBody.at(pointer, "嵌套层数过多", "nested too deeply")
        if isinstance(value, str):
            _check_text(value, pointer)
        elif isinstance(value, dict):
            for key, inner in value.items():
                _check_text(key, pointer)
                waiting.append((inner, depth + 1, f"{pointer}/{escape_pointer(key)}"))
        elif isinstance(value, list):
            waiting.extend((v, depth + 1, f"{pointer}/{i}") for i, v in enumerate(value))
        elif isinstance(value, int | float) and abs(value) > MAX_SAFE_INTEGER:
            raise InvalidBody.at(pointer, "数字过大", "the number is too large")


def _check_text(text: str, pointer: str) -> None:
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidBody.at(
            pointer, "文字里有不能保存的字符", "the text holds NUL or a lone surrogate"
        )


def escape_pointer(key: str) -> str:
    """Escape a key for a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


_A_DATE = ("应为日期，如 2026-06-01", "must be a date such as 2026-06-01")
SAYINGS: dict[str, tuple[str, str]] = {
    "missing": ("缺少这一项", "is missing"),
    "extra_forbidden": ("没有这个字段", "unknown field"),
    "int_type": ("应为整数", "must be an integer"),
    "int_from_float": ("应为整数", "must be an integer"),
    "string_type": ("应为文字", "must be a string"),
    "bool_type": ("应为 true 或 false", "must be true or false"),
    "float_type": ("应为数字", "must be a number"),
    "list_type": ("应为列表", "must be a list"),
    "dict_type": ("应为对象", "must be an object"),
    "model_type": ("应为对象", "must be an object"),
    "model_attributes_type": ("应为对象", "must be an object"),
    "greater_than_equal": ("不得小于 {ge}", "must be at least {ge}"),
    "greater_than": ("应大于 {gt}", "must be greater than {gt}"),
    "less_than_equal": ("不得大于 {le}", "must be at most {le}"),
    "less_than": ("应小于 {lt}", "must be less than {lt}"),
    "too_long": ("至多 {max_length} 项", "at most {max_length} items"),
    "too_short": ("至少 {min_length} 项", "at least {min_length} items"),
    "string_too_long": ("至多 {max_length} 个字", "at most {max_length} characters"),
    "string_too_short": ("至少 {min_length} 个字", "at least {min_length} characters"),
    "string_pattern_mismatch": ("格式不对", "does not match {pattern}"),
    "literal_error": ("应为以下之一：{expected}", "must be one of {expected}"),
    "finite_number": ("应为有限的数字", "must be finite"),
    "int_parsing": ("应为整数", "must be an integer"),
    "bool_parsing": ("应为 true 或 false", "must be true or false"),
    "uuid_parsing": ("应为 UUID", "must be a UUID"),
    "date_type": _A_DATE,
    "date_parsing": _A_DATE,
    "date_from_datetime_parsing": _A_DATE,
    "date_from_datetime_inexact": _A_DATE,
}


def field_errors(findings: Sequence[Any], prefix: str = "") -> list[dict[str, str]]:
    """Return pydantic's findings as `[{pointer, detail, detail_en}]`, pointers per RFC 6901."""
    found = []
    for item in findings[:MOST_ERRORS]:
        pointer = prefix + "".join(f"/{escape_pointer(str(step))}" for step in item["loc"])
        saying = SAYINGS.get(item["type"])
        context = item.get("ctx", {})
        if saying:
            chinese, english = (words.format_map(context) for words in saying)
            chinese = chinese.replace(" or ", ", ").replace(", ", "、")
        else:
            cause = context.get("error")
            chinese = str(cause) if cause else item["msg"]
            english = getattr(cause, "english", None) or item["msg"]
            pointer += getattr(cause, "pointer", "")
        found.append({"pointer": pointer, "detail": chinese, "detail_en": english})
    return found


def validate(shape: type[Shape], value: Any, prefix: str = "") -> Shape:
    """Return `value` as `shape` or raise InvalidBody with every place that does not fit."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        findings = error.errors(include_url=False, include_input=False)
        raise InvalidBody.of(field_errors(findings, prefix)) from None


async def read_json(request: Request) -> Any:
    """Read the request's body as strict JSON; UnsupportedMediaType for anything else."""
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        raise UnsupportedMediaType(expected="application/json")
    return strict_json(await request.body())


def json_of(shape: type[Shape]) -> Any:
    """Return a dependency that reads the body strictly as `shape`."""

    async def read(request: Request) -> Shape:
        return validate(shape, await read_json(request))

    return Depends(read)


def takes(shape: type[BaseModel]) -> dict[str, Any]:
    """Return the `openapi_extra` that documents a body read by `json_of`."""
    schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


class LimitBody:
    """ASGI middleware: refuse a body over the limit while it streams, declared or not."""

    def __init__(self, app: Any, limit_bytes: int) -> None:
        self.app = app
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Count what comes in; raises BodyTooLarge into whoever reads the body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        seen = 0
        too_large = declared.isdigit() and int(declared) > self.limit_bytes

        async def counted() -> Any:
            nonlocal seen
            if too_large:
                raise BodyTooLarge(limit_bytes=self.limit_bytes)
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit_bytes:
                raise BodyTooLarge(limit_bytes=self.limit_bytes)
            return message

        await self.app(scope, counted, send)
