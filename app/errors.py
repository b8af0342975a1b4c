"""What can go wrong, said once: every problem a client can meet is a subclass of DomainError.

A subclass states its stable kebab-case name, the kind (HTTP lives in error_handlers.py alone),
and its words in Chinese and English. `docs/problems.md` has one entry for each, by test.
"""

from enum import Enum
from typing import Any, ClassVar


class Kind(Enum):
    """What sort of refusal it is; the handler maps each to one status code."""

    INVALID = "invalid"
    CONFLICT = "conflict"
    ABSENT = "absent"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A refusal with a name. Keyword arguments fill `detail` and travel as typed extras.

    An extra that is said in words has its English beside it: `reason` and `reason_en`.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind]
    title: ClassVar[tuple[str, str]]
    """Chinese, English."""
    detail: ClassVar[tuple[str, str]]
    """Chinese, English; `{extra}` placeholders."""

    def __init__(self, **extras: Any) -> None:
        self.extras = extras
        super().__init__(self.name, extras)

    def words(self, language: str = "zh") -> tuple[str, str]:
        """Return (title, detail) in `zh` or `en`."""
        index = 1 if language == "en" else 0
        spoken = _Spoken({**self.extras, **self._told(language)})
        return self.title[index], self.detail[index].format_map(spoken)

    def _told(self, language: str) -> dict[str, Any]:
        """Return the extras in one language, without those that only say another in English."""
        plain = {key: value for key, value in self.extras.items() if not key.endswith("_en")}
        if language == "en":
            plain |= {key[:-3]: value for key, value in self.extras.items() if key.endswith("_en")}
        if "errors" in plain:
            said = "detail_en" if language == "en" else "detail"
            plain["errors"] = [
                {
                    **{key: error[key] for key in error if not key.startswith("detail")},
                    "detail": error.get(said) or error["detail"],
                }
                for error in plain["errors"]
            ]
        return plain

    def within(self, prefix: str) -> "DomainError":
        """Return the refusal of a part that stands at `prefix` in the body: so its pointer says."""
        if self.extras.get("pointer") is not None:
            self.extras["pointer"] = _under(prefix, self.extras["pointer"])
        return self

    def problem(self, language: str = "zh") -> dict[str, Any]:
        """Return the RFC 9457 members that do not depend on HTTP."""
        title, detail = self.words(language)
        return {
            "type": f"/problems/{self.name}",
            "title": title,
            "detail": detail,
            **{key: value for key, value in self._told(language).items() if value is not None},
        }


def _under(prefix: str, pointer: str) -> str:
    return pointer if pointer.startswith(prefix) else prefix + pointer


class _Spoken(dict[str, Any]):
    """A missing extra reads as nothing instead of failing while an error is being told."""

    def __missing__(self, key: str) -> str:
        return ""


def every_problem() -> list[type[DomainError]]:
    """Return all problems defined by the modules imported so far, by name."""
    found: dict[str, type[DomainError]] = {}
    waiting = list(DomainError.__subclasses__())
    while waiting:
        problem = waiting.pop()
        waiting.extend(problem.__subclasses__())
        if "name" in vars(problem):
            found[problem.name] = problem
    return [found[name] for name in sorted(found)]


class InvalidBody(DomainError):
    """The body does not parse or does not validate; `errors` lists each place and why."""

    name = "invalid-body"
    kind = Kind.INVALID
    title = ("内容有误", "The body is not valid")
    detail = ("提交的内容有误：{reason}", "The body is not valid: {reason}")

    @classmethod
    def at(cls, pointer: str, chinese: str, english: str) -> "InvalidBody":
        """Return the problem of one place in the body."""
        return cls.of([{"pointer": pointer, "detail": chinese, "detail_en": english}])

    @classmethod
    def of(cls, errors: list[dict[str, str]]) -> "InvalidBody":
        """Return the problem of several places (`pointer`, `detail`, `detail_en`); at least one."""
        first = errors[0]
        return cls(
            reason=f"{first['pointer']} {first['detail']}".strip(),
            reason_en=f"{first['pointer']} {first['detail_en']}".strip(),
            errors=errors,
        )

    def within(self, prefix: str) -> "InvalidBody":
        """Return the refusal of a part that stands at `prefix` in the body: so its pointers say."""
        return self.of(
            [e | {"pointer": _under(prefix, e["pointer"])} for e in self.extras["errors"]]
        )


class InvalidQuery(DomainError):
    """A query parameter or a path does not validate."""

    name = "invalid-query"
    kind = Kind.INVALID
    title = ("查询条件有误", "The query is not valid")
    detail = ("查询条件有误：{reason}", "The query is not valid: {reason}")


class NotFound(DomainError):
    """It does not exist, or it is out of the caller's scope: the two look alike on purpose."""

    name = "not-found"
    kind = Kind.ABSENT
    title = ("没有找到", "Not found")
    detail = (
        "没有找到，或不在您的管辖范围内：{what}",
        "It does not exist or is out of your scope: {what}",
    )


class MethodNotAllowed(DomainError):
    """The path exists, the method does not."""

    name = "method-not-allowed"
    kind = Kind.INVALID
    title = ("不支持这种操作", "Method not allowed")
    detail = ("这个地址不支持 {method}。", "This address does not take {method}.")


class Forbidden(DomainError):
    """The caller may see it but not do this."""

    name = "forbidden"
    kind = Kind.FORBIDDEN
    title = ("没有权限", "Not allowed")
    detail = ("您的账号不能做这件事：{action}", "Your account may not do this: {action}")


class CrossOrigin(DomainError):
    """A browser write that does not come from our own pages."""

    name = "cross-origin"
    kind = Kind.FORBIDDEN
    title = ("请从本平台页面操作", "Wrong origin")
    detail = (
        "这个请求不是从本平台的页面发出的，已拒绝。请回到平台页面再试。",
        "A browser write must come from this platform's own pages.",
    )


class NotSignedIn(DomainError):
    """No valid session or token."""

    name = "not-signed-in"
    kind = Kind.UNAUTHENTICATED
    title = ("请先登录", "Not signed in")
    detail = ("请先登录，或登录已过期。", "Sign in first; the session or token is not valid.")


class BodyTooLarge(DomainError):
    """The body is larger than the limit."""

    name = "body-too-large"
    kind = Kind.TOO_LARGE
    title = ("内容太大", "The body is too large")
    detail = (
        "提交的内容超过 {limit_bytes} 字节，请分几次提交。",
        "The body exceeds {limit_bytes} bytes; send it in parts.",
    )


class UnsupportedMediaType(DomainError):
    """The body is not of a type this address takes."""

    name = "unsupported-media-type"
    kind = Kind.UNSUPPORTED
    title = ("内容格式不支持", "Unsupported media type")
    detail = ("请用 {expected} 格式提交。", "Send the body as {expected}.")


class Unavailable(DomainError):
    """The database is away or too busy."""

    name = "unavailable"
    kind = Kind.UNAVAILABLE
    title = ("暂时无法处理", "Temporarily unavailable")
    detail = (
        "系统暂时繁忙，内容没有保存，请稍后再试。",
        "The database is away or busy; nothing was saved. Try again shortly.",
    )


class Internal(DomainError):
    """A fault of ours; the request id finds it in the log."""

    name = "internal"
    kind = Kind.UNAVAILABLE
    title = ("系统出错", "Internal error")
    detail = (
        "系统出错，内容没有保存。请把编号 {request} 告诉管理员。",
        "A fault of ours; nothing was saved. Quote {request} to the operator.",
    )
