"""The picture of a lineage, in words: its batches one by one, or by place where there are many."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.custody.differences import asks_for_attention
from app.custody.drawing import draw, ranks_of, sentences_of
from app.custody.drawn import Item, Joint, Picture, Words
from app.custody.nodes import Node
from app.custody.shares import Repacked
from app.custody.sources import NOWHERE, Where
from app.custody.walk import Walk
from app.events.happening import Happening
from app.templating import mass, moment, words

MOST_IN_COLUMN = 8
"""What a person can follow; of more, batches of one place are drawn together."""
MOST_TOLD = 100
"""Batches that the words under the picture still tell of one by one."""


@dataclass(frozen=True)
class Shown:
    """What is known of a lineage beside the walk: places, ends, differences, pages in reach."""

    places: Mapping[str, Where]
    ends: Mapping[str, Happening]
    differences: Mapping[str, int]
    own: Collection[str]


def picture_of(found: Walk, shown: Shown, here: Collection[str]) -> Picture | None:
    """Return the picture of a walk; None where nothing was repacked or treated together.

    `here` are the batches that it is about.
    """
    in_order = sorted(found.repacks.values(), key=lambda one: (one.order, one.event))
    joints = [_repack(found, one, shown) for one in in_order]
    ends = _ends(found, shown)
    if not joints and not any(len(end.ins) > 1 for end in ends):
        return None
    items = [
        Item(
            node.code,
            _lines(node, shown),
            f"/batches/{node.code}" if node.code in shown.own else None,
            node.container,
            node.code in here and len(here) == 1,
            _notes(node, shown),
        )
        for node in found.nodes.values()
    ]
    joints += ends
    picture = draw(*_few(found, shown, items, joints, here))
    if len(items) <= MOST_TOLD:
        picture.sentences = sentences_of(items, joints)
    return picture


def _lines(node: Node, shown: Shown) -> tuple[Words, ...]:
    status = words("STATUSES").get(node.status, node.status)
    place = shown.places.get(node.site or "", NOWHERE)
    return (
        Words(node.code),
        Words(f"{mass(node.mass_g)} · {status}"),
        Words(place.site_name or node.site or ""),
    )


def _notes(node: Node, shown: Shown) -> tuple[Words, ...]:
    notes = []
    difference = shown.differences.get(node.code, 0)
    if difference:
        told = f"称重{'多' if difference > 0 else '少'} {mass(abs(difference))}"
        notes.append(Words(told, asks_for_attention(difference, node.mass_g)))
    if not node.told:
        notes.append(Words("缺少封袋记录", warm=True))
    return tuple(notes)


def verb_of(mode: str, reason: str | None) -> str:
    """Return what a repack is called."""
    names = words("REPACKS")
    return names["relabel"] if reason == "relabel" else names.get(mode, mode)


def _repack(found: Walk, one: Repacked, shown: Shown) -> Joint:
    happening = found.bodies[one.event]
    inputs, outputs = found.inside(one)
    place = shown.places.get(one.site, NOWHERE)
    verb = verb_of(one.mode, one.reason)
    lines = [
        Words(f"{verb} {_day(happening)}"),
        Words(place.site_name or one.site),
    ]
    beside = [
        f"另 {len(all_) - len(some)} 袋{verb}"
        for all_, some, verb in ((one.inputs, inputs, "投入"), (one.outputs, outputs, "产出"))
        if len(all_) > len(some)
    ]
    if beside:
        lines.append(Words("，".join(beside)))
    lines += [
        Words(f"剔除{words('REMOVED').get(reason, reason)} {mass(grams)}", warm=True)
        for reason, grams in one.removed
    ]
    return Joint(
        f"repack {one.event}",
        tuple(lines),
        {code: one.inputs[code] for code in inputs},
        {code: one.outputs[code] for code in outputs},
        verb=verb,
    )


def _day(happening: Happening) -> str:
    return moment(datetime.fromisoformat(happening.stamps["effective_at"]))[:10]


def _ends(found: Walk, shown: Shown) -> list[Joint]:
    """Return the treatments that batches ended in, each with those that it treated."""
    treated: dict[str, dict[str, int]] = defaultdict(dict)
    for node in found.nodes.values():
        if node.status in ("disposed", "written_off") and node.last_event in shown.ends:
            treated[node.last_event or ""][node.code] = node.mass_g
    joints = []
    for event, ins in treated.items():
        end = shown.ends[event]
        place = shown.places.get(end.body["site"], NOWHERE)
        site = place.site_name or end.body["site"]
        lines = [Words(site), Words(_day(end)), *_boxes(end)]
        if end.kind == "dispose":
            verb = words("METHODS").get(end.body["method"], end.body["method"])
            lines = [Words(verb), Words(end.body["certificate"]), *lines]
        else:
            verb = words("KINDS")["write_off"]
            lines = [Words(verb, warm=True), *lines]
        href = f"/lots/{event}" if end.kind == "dispose" else None
        joints.append(Joint(f"end {event}", tuple(lines), ins, {}, href, verb))
    return joints


def _boxes(end: Happening) -> list[Words]:
    """Return the containers that ended with what was in them."""
    boxes = sorted(end.containers)
    told = f"…{boxes[0][-12:]}" if len(boxes) == 1 else f"{len(boxes)} 个容器"
    return [Words(f"随 {told}")] if boxes else []


def _few(
    found: Walk,
    shown: Shown,
    items: Sequence[Item],
    joints: Sequence[Joint],
    here: Collection[str],
) -> tuple[Sequence[Item], Sequence[Joint]]:
    """Return what fits the columns of a picture: each batch by itself, else as finely as it fits.

    Batches of one place between the same joints are drawn as one, and if need be joints of one
    verb in one column.
    """
    ranks = ranks_of([item.key for item in items], joints)
    apart = {joint.key: joint.key for joint in joints}
    alike = {j.key: f"{ranks[j.key]} {bool(j.outs)} {j.verb}" for j in joints}
    if _fits(ranks, {item.key: item.key for item in items}, apart):
        return items, joints
    tries = ((by, of) for of in (apart, alike) for by in _ways(shown))
    for by, merged in tries:
        of = _keys(found, joints, merged, by, here)
        if _fits(ranks, of, merged):
            break
    return _grouped(found, shown, items, of), _merged(joints, merged, of, ranks)


def _ways(shown: Shown) -> tuple[Callable[[Node], str], ...]:
    """Return groupings, the finest first: by point and container, point, township, county, all."""

    def where(node: Node) -> Where:
        return shown.places.get(node.collector or node.site or "", NOWHERE)

    return (
        lambda node: f"{where(node).site_name or ''}|{node.container or ''}",
        lambda node: where(node).site_name or "",
        lambda node: where(node).township or "",
        lambda node: where(node).county_name or "",
        lambda _: "",
    )


def _keys(
    found: Walk,
    joints: Sequence[Joint],
    merged: Mapping[str, str],
    by: Callable[[Node], str],
    here: Collection[str],
) -> dict[str, str]:
    """Return under which key each batch is drawn; one that is alone under its own code."""
    made = {code: merged[joint.key] for joint in joints for code in joint.outs}
    taken = {code: merged[joint.key] for joint in joints for code in joint.ins}
    alone = here if len(here) == 1 else ()
    keys = {
        code: code if code in alone else f"{by(node)}|{made.get(code)}|{taken.get(code)}"
        for code, node in found.nodes.items()
    }
    many = Counter(keys.values())
    return {code: key if many[key] > 1 else code for code, key in keys.items()}


def _fits(ranks: Mapping[str, int], of: Mapping[str, str], merged: Mapping[str, str]) -> bool:
    columns: dict[int, set[str]] = defaultdict(set)
    for key, drawn in (*of.items(), *merged.items()):
        columns[ranks[key]].add(drawn)
    return all(len(column) <= MOST_IN_COLUMN for column in columns.values())


def _grouped(found: Walk, shown: Shown, items: Sequence[Item], of: Mapping[str, str]) -> list[Item]:
    members: dict[str, list[Node]] = defaultdict(list)
    for code, node in found.nodes.items():
        members[of[code]].append(node)
    lone = {item.key: item for item in items}
    return [
        lone[key] if key in lone else _group(key, nodes, shown) for key, nodes in members.items()
    ]


def _group(key: str, nodes: Sequence[Node], shown: Shown) -> Item:
    """Return batches that are drawn together; in a frame where one container holds them all."""
    place = key.partition("|")[0]
    total = sum(node.mass_g for node in nodes)
    lines = (Words(place or "各地"), Words(f"{len(nodes)} 袋 · {mass(total)}"))
    off = (asks_for_attention(shown.differences.get(n.code, 0), n.mass_g) for n in nodes)
    odd = {"称重相差大": sum(off), "缺少封袋记录": sum(not node.told for node in nodes)}
    notes = tuple(Words(f"{many} 袋{what}", warm=True) for what, many in odd.items() if many)
    boxes = {node.container for node in nodes}
    return Item(key, lines, container=boxes.pop() if len(boxes) == 1 else None, notes=notes)


def _merged(
    joints: Sequence[Joint],
    merged: Mapping[str, str],
    of: Mapping[str, str],
    ranks: Mapping[str, int],
) -> list[Joint]:
    """Return joints with what is drawn together, those of one key as one, from left to right."""
    together: dict[str, list[Joint]] = defaultdict(list)
    for joint in sorted(joints, key=lambda one: ranks[one.key]):
        together[merged[joint.key]].append(joint)
    found = []
    for key, same in together.items():
        ins: dict[str, int] = defaultdict(int)
        outs: dict[str, int] = defaultdict(int)
        for joint in same:
            for code, grams in joint.ins.items():
                ins[of[code]] += grams
            for code, grams in joint.outs.items():
                outs[of[code]] += grams
        one = same[0]
        if len(same) == 1:
            found.append(Joint(key, one.lines, ins, outs, one.href, one.verb))
        else:
            lines = (Words(f"{one.verb} {len(same)} 次"),)
            found.append(Joint(key, lines, ins, outs, verb=one.verb))
    return found
