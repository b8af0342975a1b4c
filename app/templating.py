"""Server pages: one Jinja environment, one place that renders."""

import hashlib
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.config import settings

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUS = "−"
GRAMS_IN_TONNE = 1_000_000
GRAMS_IN_KILOGRAM = 1_000


@lru_cache(maxsize=512)
def _digest(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]


def asset(path: str) -> str:
    """Return the address of a file under static/, versioned by its content."""
    return f"/static/{path}?v={_digest(path)}"


@lru_cache(maxsize=1)
def _digest_of_modules() -> str:
    every = sorted(STATIC.rglob("*.js"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in every)).hexdigest()[:10]


def module(path: str) -> str:
    """Return the address of a module that imports others, versioned with all of them."""
    return f"/static/v-{_digest_of_modules()}/{path}"


def mass(grams: int | None) -> str:
    """Show grams as a person reads them: g, kg or t."""
    if grams is None:
        return "—"
    if abs(grams) < GRAMS_IN_KILOGRAM:
        shown = f"{grams} g"
    elif abs(grams) < GRAMS_IN_TONNE:
        shown = f"{grams / GRAMS_IN_KILOGRAM:,.2f} kg"
    else:
        shown = f"{grams / GRAMS_IN_TONNE:,.3f} t"
    return shown.replace("-", MINUS)


def tonnes(grams: int | None) -> str:
    """Show grams as tonnes without their unit: for columns whose rows are compared."""
    if grams is None:
        return "—"
    return f"{grams / GRAMS_IN_TONNE:,.3f}".replace("-", MINUS) if grams else "0"


def kilograms(grams: int) -> str:
    """Show grams as kilograms to the gram, without their unit: for a sheet that must add up."""
    whole, rest = divmod(abs(grams), GRAMS_IN_KILOGRAM)
    return f"{MINUS if grams < 0 else ''}{whole:,}.{rest:03}"


def percent(rate: float | None) -> str:
    """Show a rate as a percentage with one decimal; a dash where there is none."""
    return "—" if rate is None else f"{rate * 100:.1f} %"


def share(part: Fraction | float) -> str:
    """Show a part of a whole; what is there is never nothing, and what lacks something never all."""
    shown = percent(float(part))
    if part > 0 and shown == percent(0.0):
        return "不足 0.1 %"
    return "超过 99.9 %" if part < 1 and shown == percent(1.0) else shown


def moment(at: datetime | str | None) -> str:
    """Show an instant in the province's own time."""
    if at is None:
        return "—"
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=asset, module=module)
    environment.filters.update(
        mass=mass, tonnes=tonnes, kilograms=kilograms, percent=percent, share=share, moment=moment
    )
    return environment


def render(
    request: Request, template: str, values: dict[str, Any], status: int = 200
) -> HTMLResponse:
    """Render a page; `me` is the signed-in account or None, `demo` turns the banner on."""
    context = {
        "request": request,
        "me": getattr(request.state, "account", None),
        "demo": settings().demo,
        "wechat_scan": settings().wechat_scan_module,
        **values,
    }
    return HTMLResponse(_environment().get_template(template).render(context), status)


def words(name: str) -> dict[str, str]:
    """Return a dictionary of templates/words.html: the same words on pages and on paper."""
    return dict(getattr(_environment().get_template("words.html").module, name))
