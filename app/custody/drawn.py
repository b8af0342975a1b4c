"""What is drawn of a lineage: batches, what joined or parted them, and all of it laid out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Words:
    """A line of text; `warm` where it asks for attention."""

    text: str
    warm: bool = False


@dataclass(frozen=True)
class Item:
    """A batch, or several of one place together."""

    key: str
    lines: tuple[Words, ...]
    href: str | None = None
    container: str | None = None
    here: bool = False
    notes: tuple[Words, ...] = ()
    """What a weighing found, and what nobody has told yet."""


@dataclass(frozen=True)
class Joint:
    """A repack, or a treatment: grams of what went in and came out, by item."""

    key: str
    lines: tuple[Words, ...]
    ins: Mapping[str, int]
    outs: Mapping[str, int]
    href: str | None = None
    verb: str = ""
    """What it is called: joints of one verb may be drawn together."""


@dataclass(frozen=True)
class Part:
    """So many grams of an item in a joint, in words."""

    name: str
    href: str | None
    grams: int
    notes: tuple[Words, ...]


@dataclass(frozen=True)
class Sentence:
    """A joint in words: the picture for whoever does not see it."""

    lines: tuple[Words, ...]
    href: str | None
    ins: tuple[Part, ...]
    outs: tuple[Part, ...]


@dataclass(frozen=True)
class Box:
    """A drawn box: its upper left corner, its size, its words."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[Words, ...]
    href: str | None
    kind: str
    """`batch`, `here` or `join`."""


@dataclass(frozen=True)
class Link:
    """A line through points from left to right, with grams on it at (x, y)."""

    points: tuple[tuple[float, float], ...]
    width: float
    grams: int
    x: float
    y: float
    align: str


@dataclass(frozen=True)
class Frame:
    """A container drawn around what it holds."""

    x: float
    y: float
    width: float
    height: float
    code: str


@dataclass
class Picture:
    """Everything to draw, and how large it is."""

    width: float = 0.0
    height: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    """The same, told joint by joint."""
