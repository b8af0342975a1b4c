"""Security headers on every answer, files included: workers obey the policy they came with."""

from typing import Any

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",  # the scanner is WebAssembly
    "worker-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' blob: data:",
    "style-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{what} {where}" for what, where in POLICY.items())
ALWAYS = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"permissions-policy": b"camera=(self), geolocation=(self)",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
}
OVER_HTTPS = {b"strict-transport-security": b"max-age=31536000"}
SIGNED_IN = {b"cache-control": b"no-store"}
"""Phones and office computers are shared: what one person saw is not kept for the next."""

BAD = 400
"""A status from here on is not to be remembered."""
VERSIONED = {b"cache-control": b"public, max-age=31536000, immutable"}
"""A file under `/static/` asked for with `?v=`, its content's digest: another has another address.

Or under `/static/v-<digest>/`, which stands for all modules: what one imports has it too."""
UNVERSIONED = {b"cache-control": b"no-cache"}
"""Anything else: asked about each time, so that old and new never mix."""


class SecurityHeaders:
    """ASGI middleware: add what an answer does not already say for itself."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on and complete the answer on its way out."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # Made here so that what the route notes in request.state is seen below.
        state = scope.setdefault("state", {})

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                wanted = dict(ALWAYS)
                if scope["scheme"] == "https":
                    wanted |= OVER_HTTPS
                if scope["path"].startswith("/static/"):
                    versioned = b"v=" in scope["query_string"] or scope["path"][8:].startswith("v-")
                    kept = versioned and message["status"] < BAD
                    wanted |= VERSIONED if kept else UNVERSIONED
                elif state.get("account") is not None:
                    wanted |= SIGNED_IN
                headers = list(message.get("headers", ()))
                said = {name.lower() for name, _ in headers}
                headers += [pair for pair in wanted.items() if pair[0] not in said]
                message["headers"] = headers
            await send(message)

        await self.app(scope, receive, guarded)
