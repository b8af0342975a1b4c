"""Entries as the wire shows them: codes and numbers for programs, and as a person reads them."""

from datetime import date
from typing import Any

from app.plan.linked import link
from app.registers.draft import shown_values
from app.registers.known import Known
from app.registers.read import Version
from app.registers.register import Register
from app.registers.source import Entry

API = "/api/v1/plan/registers"
Shown = dict[str, Any]


def entry_shown(register: Register, entry: Entry, known: Known, on: date) -> Shown:
    """Return an entry; `shown` has its values in words, `in_force` is as of the day asked for."""
    return {
        "id": entry.id,
        "register": register.slug,
        "name": entry.name,
        "county": entry.county,
        "area": entry.area,
        "industry": entry.industry,
        "values": entry.values,
        "shown": shown_values(register, entry.values, known),
        "document": entry.document,
        "valid_from": entry.valid_from,
        "valid_to": entry.valid_to,
        "withdrawn": entry.withdrawn,
        "in_force": entry.holds(on),
        "version": entry.version,
        "changed_at": entry.changed_at,
        "href": f"{API}/{register.slug}/entries/{entry.id}",
        "page": f"/plan/registers/{register.slug}/{entry.id}",
    }


def version_shown(
    register: Register, version: Version, known: Known, *, accounts: bool, notes: bool
) -> Shown:
    """Return one change; the account's name and the note are for those who may see them."""
    shown: Shown = {
        "version": version.number,
        "recorded_at": version.recorded_at,
        "department": link("departments", version.department, version.department_name),
        "name": version.name,
        "values": version.values,
        "shown": shown_values(register, version.values, known),
        "document": version.document,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "withdrawn": version.withdrawn,
        "import": str(version.imported_by) if version.imported_by else None,
    }
    if notes:
        shown["note"] = version.note
    if accounts:
        shown["by"] = version.account_name
    return shown


def referring_shown(entry: Entry, referring: list[tuple[str, int]]) -> list[Shown]:
    """Return the registers that refer to an entry, with where to read those entries."""
    return [
        {"register": slug, "count": count, "href": f"{API}/{slug}?refers={entry.id}"}
        for slug, count in referring
    ]
