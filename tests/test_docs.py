"""What the documents say is there, and what is there is in the documents."""

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app import __main__ as command_line
from app.all_models import Base
from app.auth.caller import ROLE_NAMES
from app.errors import every_problem
from app.ledger.models import APPEND_ONLY
from app.main import FOLLOWERS, create_app
from app.ops.remedies import REMEDIES
from app.rebuild.projections import PROJECTIONS
from scripts import demo_figures, docs

ROOT = Path(__file__).parent.parent
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
SHOWN = re.compile(r"【([^】]+)】")


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def ours() -> list:
    return [kind for kind in every_problem() if kind.__module__.startswith("app.")]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_generated_documents_are_what_the_code_says():
    assert docs.stale() == [], "run: python -m scripts.docs --write"


def test_every_problem_says_what_to_do_and_nothing_else_does():
    assert {kind.name for kind in ours()} == set(REMEDIES)
    assert list(REMEDIES) == sorted(REMEDIES)
    for kind in ours():
        assert kind.__doc__, kind


@pytest.fixture
def visitor():
    """A stranger, while the database is away."""
    app = create_app("postgresql://nobody@127.0.0.1:1/nowhere")
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ny.test")


async def test_every_problem_has_a_page_even_while_the_database_is_away(visitor):
    listed = (await visitor.get("/problems")).text
    for kind in ours():
        page = await visitor.get(f"/problems/{kind.name}")
        assert page.status_code == 200
        assert kind.title[0] in page.text
        assert REMEDIES[kind.name].when in page.text
        assert f'href="/problems/{kind.name}"' in listed


async def test_a_problem_that_is_none_is_not_found(visitor):
    page = await visitor.get("/problems/no-such", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    answer = await visitor.get("/problems/no-such")
    assert answer.json()["type"] == "/problems/not-found"


def commands(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                below = list(commands(inner, f"{before}{name} "))
                yield from below or [f"{before}{name}"]


def test_every_command_is_documented_and_no_other():
    known = set(commands(command_line._parser()))
    written = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    told = set(re.findall(r"python -m app ((?:(?:admin|log) )?[a-z-]+)", written))
    assert told == known


def test_every_script_that_is_named_is_there():
    for path in PAGES:
        written = path.read_text(encoding="utf-8")
        for script in re.findall(r"\./(scripts/[a-z_-]+)", written):
            assert os.access(ROOT / script, os.X_OK), f"{named(path)}: {script}"
        for module in re.findall(r"python -m (scripts\.[a-z_]+)", written):
            assert (ROOT / (module.replace(".", "/") + ".py")).exists(), f"{named(path)}: {module}"


def classified() -> list[tuple[str, list[str], str]]:
    """Return the rows of the architecture's list of tables: their kind, they, what leaves do."""
    section = text_of("docs/architecture.md").split("\n## Tables\n")[1].split("\n\n`batch.")[0]
    rows = [line.split("|")[1:4] for line in section.splitlines() if line.startswith("| ")]
    return [(kind, re.findall(r"`(\w+)`", cell), by.strip()) for kind, cell, by in rows[1:]]


def test_every_table_stands_in_the_architecture():
    rows = classified()
    told = [name for _, tables, _ in rows for name in tables]
    assert sorted(told) == sorted(Base.metadata.tables)
    first = next(tables for kind, tables, _ in rows if "append-only" in kind)
    assert tuple(first) == APPEND_ONLY


def test_a_rebuild_covers_every_table_that_leaves_determine_and_no_other():
    told: dict[str, set[str]] = {"rebuilt": set(), "checked": set(), "no": set()}
    for _, tables, by_the_leaves in classified():
        told[by_the_leaves] |= set(tables)
    covered = {one.name: {table.__tablename__ for table in one.tables} for one in PROJECTIONS}
    checked = covered.pop("log")
    assert told["checked"] == checked
    assert told["rebuilt"] == set().union(*covered.values())
    assert sum(map(len, covered.values())) == len(told["rebuilt"]), "each by one alone"
    effects = {table.__tablename__ for follower in FOLLOWERS for table in follower.tables}
    assert effects <= told["rebuilt"]


def test_documents_stay_short():
    assert text_of("docs/architecture.md").count("\n") < 250
    for decision in DECISIONS:
        assert decision.read_text(encoding="utf-8").count("\n") < 50, named(decision)


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem[:4])
def test_a_decision_says_why_what_it_costs_and_what_keeps_it(decision):
    written = decision.read_text(encoding="utf-8")
    for part in ("Context", "Decision", "Consequence", "Rejected", "Check"):
        assert f"**{part}.**" in written
    assert f"({decision.name})" in text_of("docs/decisions/README.md")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    written = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", written):
        path, _, anchor = target.partition("#")
        assert "://" not in path
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, target


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_that_are_named_exist(page):
    for path in re.findall(
        r"\b((?:app|tests|scripts|migrations|docs)/[\w./-]+\.\w+)", without_links(page)
    ):
        assert (ROOT / path).exists(), path


def without_links(page: Path) -> str:
    return re.sub(r"\]\([^)]*\)", "]", page.read_text(encoding="utf-8"))


def test_words_on_screen_are_quoted_as_they_stand_there():
    sources = [
        found for ending in ("html", "py", "js") for found in (ROOT / "app").rglob(f"*.{ending}")
    ]
    screen = "".join(source.read_text(encoding="utf-8") for source in sources)
    kinds = re.findall(r'"[a-z_]+": "(\w+)"', screen.split("set KINDS = {")[1].split("}")[0])
    said = {f"登记{kind}" for kind in kinds}
    for words in SHOWN.findall(text_of("docs/用户手册.md") + text_of("README.md")):
        assert words == " " or words in screen or words in said, words


def test_the_guide_speaks_to_every_role():
    guide = text_of("docs/用户手册.md")
    for role in (
        "回收员",
        "驾驶员",
        "保管员",
        "处理单位",
        "乡镇",
        "县",
        "市",
        "省",
        "审计",
        "管理员",
    ):
        assert role in guide
    assert len(ROLE_NAMES) == 10


def test_figures_come_from_the_script_that_prints_them():
    told = re.findall(r"^\| (.+? / .+?) \| [\d,]+ \|$", text_of("docs/demo.md"), re.MULTILINE)
    assert told == [name for name, _ in demo_figures.FIGURES]


def repository() -> Iterator[Path]:
    """Every file that is committed, as far as its place tells."""
    for entry in sorted(ROOT.iterdir()):
        if re.match(r"var$|node_modules$|\.git$", entry.name):
            continue
        if entry.is_dir() and re.match(r"\.(?!ci$)", entry.name):
            continue
        for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
            if path.is_file() and not {"vendor", "__pycache__"} & set(path.parts):
                yield path


def test_nothing_names_a_registry_or_a_place_on_some_machine():
    hosts = (
        "py" + "pi.org",
        "python" + "hosted",
        "registry.npm" + "js",
        "npm" + "mirror",
        "tuna" + ".",
    )
    machine = re.compile(r"(?<![\w.~$}])/(?:work|root|home|Users)/[\w.]")
    for path in repository():
        try:
            written = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        assert not any(host in written for host in hosts), named(path)
        assert not machine.search(written), f"{named(path)}: {machine.search(written)}"
