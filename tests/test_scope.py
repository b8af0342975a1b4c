"""The one-scope rule in the source: what is read of a scoped table is kept within a reach."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCOPED = {
    "Batch", "Label", "LabelSheet", "Organisation", "Refusal", "Site", "SupplyRow", "Vehicle",
}  # fmt: skip
UNSCOPED = {
    "app/__main__.py": "the operator at the command line is in no scope",
    "app/alerts/months.py": "a follower is not a reader",
    "app/alerts/movements.py": "a follower is not a reader",
    "app/alerts/sums.py": "a follower is not a reader",
    "app/balance/entries.py": "narrows postings to the sites of an area that its caller has found in reach",
    "app/balance/held.py": "narrows postings to the sites of an area that its caller has found in reach",
    "app/batches/issue.py": "repeats the codes of a sheet to the official who ordered it",
    "app/batches/numbered.py": "loads labels by code; what is done with them asks for their reach",
    "app/batches/stock.py": "counts what stands at a site that its caller has found in reach",
    "app/batches/tare.py": "asks whether a label that was found in reach has been used",
    "app/capture/bags.py": "asks for what is at the caller's own site, comes there, or may be fetched near by",
    "app/capture/pack.py": "asks for what is at the caller's own site, and a carrier's own vehicles",
    "app/custody/nodes.py": "who sees a batch sees the codes, places and masses of its lineage",
    "app/custody/sources.py": "who sees a batch sees from which points its contents came",
    "app/events/coming.py": "asks for what comes to the caller's own site, or is on its own vehicles",
    "app/events/correctable.py": "looks at an event that events/read.py has shown",
    "app/events/facts.py": "recording decides on what is there, whoever may see it",
    "app/events/held.py": "asks for what is at the caller's own site, or at one found in reach",
    "app/events/in_store.py": "asks for what is at the caller's own site, or at one found in reach",
    "app/events/offered.py": "asks for what is at the caller's own site, or for where bags may go",
    "app/events/receipt.py": "asks for the batches of an event that events/read.py has shown",
    "app/money/read.py": "names payees of settlements that were found in reach",
    "app/parties/names.py": "a name on a sign is public",
    "app/rebuild/kept.py": "the operator at the command line is in no scope",
    "app/rebuild/replay.py": "the operator at the command line is in no scope",
    "app/registers/source.py": "the province publishes the units that may use what was taken back",
    "app/supply/declare.py": "row ids are unique in the province, whoever may see the rows",
    "app/supply/follow.py": "a follower is not a reader",
    "app/trips/announce.py": "a vehicle's owner decides who may drive it, and is not told",
    "app/trips/choices.py": "a plan may lead to any site, and a vehicle's plate is on the vehicle",
    "app/trips/departures.py": "asks who used a manifest's number before, whoever may see it",
    "app/trips/listing.py": "names the carriers of trips whose legs it has found in reach",
    "app/trips/load.py": "loads whole trips; find.py and listing.py show the legs in reach",
    "app/trips/receivers.py": "a plan may lead to any site",
}
"""Modules that may select from a scoped table without a reach, each with its reason."""


def unscoped(source: str) -> Iterator[str]:
    """Yield functions that select from a scoped table and call nothing named «…within»."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        calls = [c for c in ast.walk(function) if isinstance(c, ast.Call)]
        called = [ast.unparse(call.func) for call in calls]
        read = {
            node.id
            for call, name in zip(calls, called, strict=True)
            if name == "select"
            for argument in call.args
            for node in ast.walk(argument)
            if isinstance(node, ast.Name)
        }
        if read & SCOPED and not any(name.endswith("within") for name in called):
            yield f"{function.name} reads {', '.join(sorted(read & SCOPED))}"


def test_who_reads_a_scoped_table_keeps_within_a_reach_or_says_why_not():
    found = {
        path: names
        for file in sorted((ROOT / "app").rglob("*.py"))
        if (names := list(unscoped(file.read_text(encoding="utf-8"))))
        and (path := file.relative_to(ROOT).as_posix())
    }
    new = {path: names for path, names in found.items() if path not in UNSCOPED}
    assert new == {}, "put `….where(within(reach, …))` into the query (app/areas/scope.py)"
    assert set(UNSCOPED) - set(found) == set(), "these need no exception any more"


def test_the_rule_sees_a_query_without_a_reach():
    leak = "async def f(session):\n    return await session.scalars(select(Batch.code))"
    kept = "async def f(session, reach):\n    return select(Batch).where(batches_within(reach))"
    assert list(unscoped(leak)) == ["f reads Batch"]
    assert list(unscoped(kept)) == []
