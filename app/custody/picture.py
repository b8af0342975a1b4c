"""The picture of a lineage, in words: its batches one by one, or by place where there are many."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.custody.differences import asks_for_attention
from app.custody.drawing import Item, Joint, Picture, Words, draw, ranks_of
from app.custody.nodes import Node
from app.custody.shares import Repacked
from app.custody.sources import NOWHERE, Where
from app.custody.walk import Walk
from app.events.happening import Happening
from app.templating import mass, moment, words

MOST_BOXES = 60
"""What a person can follow; beyond that batches of one place are drawn together."""
MOST_JOINTS = 12


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
        )
        for node in found.nodes.values()
    ]
    if len(items) + len(joints) + len(ends) > MOST_BOXES:
        return draw(*_together(found, shown, items, [*joints, *ends], here))
    return draw(items, [*joints, *ends])


def _lines(node: Node, shown: Shown) -> tuple[Words, ...]:
    status = words("STATUSES").get(node.status, node.status)
    place = shown.places.get(node.site or "", NOWHERE)
    lines = [
        Words(node.code),
        Words(f"{mass(node.mass_g)} · {status}"),
        Words(_short(place.site_name or node.site or "")),
    ]
    difference = shown.differences.get(node.code, 0)
    if difference:
        told = f"称重{'多' if difference > 0 else '少'} {mass(abs(difference))}"
        lines.append(Words(told, asks_for_attention(difference, node.mass_g)))
    if not node.told:
        lines.append(Words("缺少封袋记录", warm=True))
    return tuple(lines)


def _short(name: str, most: int = 12) -> str:
    """Cut a name to the width of so many Chinese characters; letters and digits take about half."""
    wide = 0.0
    for n, mark in enumerate(name):
        wide += 0.55 if mark.isascii() else 1.0
        if wide > most:
            return f"{name[: n - 1]}…"
    return name


def verb_of(mode: str, reason: str | None) -> str:
    """Return what a repack is called."""
    names = words("REPACKS")
    return names["relabel"] if reason == "relabel" else names.get(mode, mode)


def _repack(found: Walk, one: Repacked, shown: Shown) -> Joint:
    happening = found.bodies[one.event]
    inputs, outputs = found.inside(one)
    place = shown.places.get(one.site, NOWHERE)
    lines = [
        Words(f"{verb_of(one.mode, one.reason)} {_day(happening)}"),
        Words(_short(place.site_name or one.site, 9)),
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
        lines = [Words(_short(place.site_name or end.body["site"], 9)), Words(_day(end))]
        if end.kind == "dispose":
            name = words("METHODS").get(end.body["method"], end.body["method"])
            lines = [Words(name), Words(_short(end.body["certificate"], 9)), *lines]
        else:
            lines = [Words("核销", warm=True), *lines]
        href = f"/lots/{event}" if end.kind == "dispose" else None
        joints.append(Joint(f"end {event}", tuple(lines), ins, {}, href))
    return joints


def _together(
    found: Walk,
    shown: Shown,
    items: Sequence[Item],
    joints: Sequence[Joint],
    here: Collection[str],
) -> tuple[list[Item], list[Joint]]:
    """Return batches of one place between the same joints as one box, and alike joints as one."""
    ranks = ranks_of([item.key for item in items], joints)
    alike = {joint.key: joint.key for joint in joints}
    if len(joints) > MOST_JOINTS:
        alike = {j.key: f"{ranks[j.key]} {j.key[:3]} {j.lines[0].text[:2]}" for j in joints}
    made = {code: alike[joint.key] for joint in joints for code in joint.outs}
    taken = {code: alike[joint.key] for joint in joints for code in joint.ins}
    by = _finest(found, shown, made, taken, here)
    of: dict[str, str] = {}
    members: dict[str, list[Node]] = defaultdict(list)
    for code, node in found.nodes.items():
        of[code] = by(node)
        members[of[code]].append(node)
    lone = {item.key: item for item in items}
    grouped = [
        lone[nodes[0].code] if len(nodes) == 1 else Item(key, _group(key, nodes))
        for key, nodes in members.items()
    ]
    named = {key: nodes[0].code if len(nodes) == 1 else key for key, nodes in members.items()}
    merged = _merged(joints, alike, {code: named[key] for code, key in of.items()})
    first = {alike[joint.key]: ranks[joint.key] for joint in reversed(joints)}
    return grouped, sorted(merged, key=lambda joint: first[joint.key])


def _finest(
    found: Walk,
    shown: Shown,
    made: Mapping[str, str],
    taken: Mapping[str, str],
    here: Collection[str],
) -> Callable[[Node], str]:
    """Return the grouping by point, township, county or nothing that fits the picture."""

    def key(node: Node, place: str) -> str:
        if len(here) == 1 and node.code in here:
            return node.code
        return f"{place}|{made.get(node.code, '')}|{taken.get(node.code, '')}"

    def where(node: Node) -> Where:
        return shown.places.get(node.collector or node.site or "", NOWHERE)

    ways: tuple[Callable[[Node], str], ...] = (
        lambda node: key(node, where(node).site_name or ""),
        lambda node: key(node, where(node).township or ""),
        lambda node: key(node, where(node).county_name or ""),
        lambda node: key(node, ""),
    )
    for way in ways:
        if len({way(node) for node in found.nodes.values()}) <= MOST_BOXES - MOST_JOINTS:
            return way
    return ways[-1]


def _group(key: str, nodes: Sequence[Node]) -> tuple[Words, ...]:
    place = key.partition("|")[0]
    total = sum(node.mass_g for node in nodes)
    lines = [Words(f"{_short(place)}" or "各地"), Words(f"{len(nodes)} 袋 · {mass(total)}")]
    untold = sum(not node.told for node in nodes)
    if untold:
        lines.append(Words(f"{untold} 袋缺少封袋记录", warm=True))
    return tuple(lines)


def _merged(
    joints: Sequence[Joint], alike: Mapping[str, str], of: Mapping[str, str]
) -> list[Joint]:
    together: dict[str, list[Joint]] = defaultdict(list)
    for joint in joints:
        together[alike[joint.key]].append(joint)
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
        lines = (
            one.lines if len(same) == 1 else (Words(f"{one.lines[0].text[:4]}等 {len(same)} 次"),)
        )
        found.append(Joint(key, lines, ins, outs, one.href if len(same) == 1 else None))
    return found
