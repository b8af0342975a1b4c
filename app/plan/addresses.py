"""Where the rows of the plan's tables stand on its pages. Pure."""

from typing import Any

from app.plan.linked import API

PAGES = {
    "sections": "/plan#{}",
    "boxes": "/plan#{}",
    "paragraphs": "/plan#{}",
    "departments": "/plan/departments/{}",
    "responsibilities": "/plan/responsibilities#{}",
    "measures": "/plan/measures#{}",
    "targets": "/plan/targets/{}",
    "industries": "/plan/industries#{}",
    "industry-lists": "/plan/industries#list-{}",
    "technologies": "/plan/technologies#{}",
    "instruments": "/plan/instruments#{}",
    "areas": "/plan/areas#{}",
    "citations": "/plan/citations#{}",
    "registers": "/plan/registers/{}",
}


def page_of(table: str, code: str) -> str:
    """Return the address of a row's place on the pages, by its table under /api/v1/plan."""
    return PAGES[table].format(code)


def with_pages(found: Any) -> Any:
    """Return wire rows whose links have a `page` beside their `href`: what pages lead to."""
    if isinstance(found, list):
        return [with_pages(one) for one in found]
    if not isinstance(found, dict):
        return found
    whole = {key: with_pages(value) for key, value in found.items()}
    if "href" in found and "page" not in found:
        table, _, code = found["href"].removeprefix(f"{API}/").partition("/")
        whole["page"] = page_of(table, code)
    return whole
