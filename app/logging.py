"""Structured logs with the request's id on every line; no bodies, no secrets."""

import logging
import re
import time
from typing import Any
from uuid import uuid4

import structlog

log = structlog.stdlib.get_logger("platform")
_SECRET_PATH = re.compile(r"(?<=^/setup/).+")
"""A one-time link is worth a password until it is used."""
_ROW = re.compile(r"\nDETAIL:.*?(?=\n\n|\n\[SQL|\Z)", re.DOTALL)
"""Where PostgreSQL quotes the offending row, and so people's data."""
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def leave_rows_out(_: Any, __: str, line: dict[str, Any]) -> dict[str, Any]:
    """Take out of a traceback the rows that PostgreSQL's errors quote."""
    if isinstance(line.get("exception"), str):
        line["exception"] = _ROW.sub("", line["exception"])
    return line


TRACEBACK: tuple[Any, ...] = (structlog.processors.format_exc_info, leave_rows_out)
"""How an error becomes text."""


def configure(log_format: str) -> None:
    """Send everything through structlog, as text for people or JSON for machines."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *TRACEBACK,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # One line a request is ours to write, with its id and time.
    logging.getLogger("uvicorn.access").disabled = True
    # Nor are the addresses that we ask ourselves.
    logging.getLogger("httpx").setLevel(logging.WARNING)


class RequestLog:
    """ASGI middleware: give each request an id, answer with it, write one line about it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on under its id, and write its line when the answer is sent."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = sent if _PLAIN_ID.fullmatch(sent) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def noted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            try:
                await self.app(scope, receive, noted)
            finally:
                log.info(
                    "request",
                    method=scope["method"],
                    path=_SECRET_PATH.sub("…", scope["path"]),
                    status=status,
                    ms=round((time.perf_counter() - started) * 1000, 1),
                )
