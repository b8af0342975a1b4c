"""Which bags must be folded together: those that shared a container on a scale, or a repack. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence


class Components:
    """Codes that are tied to each other, found by union with path halving."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def tie(self, codes: Iterable[str]) -> None:
        """Tie codes to each other."""
        first: str | None = None
        for code in codes:
            root = self._root(code)
            if first is None:
                first = root
            elif root != first:
                self._parent[root] = first

    def _root(self, code: str) -> str:
        parent = self._parent.setdefault(code, code)
        while parent != (above := self._parent.setdefault(parent, parent)):
            self._parent[code] = above
            code, parent = above, self._parent[above]
        return parent

    def chunks(self, codes: Sequence[str], size: int) -> Iterator[list[str]]:
        """Yield all codes, those tied together never apart, some `size` at a time."""
        tied: dict[str, list[str]] = defaultdict(list)
        alone: list[str] = []
        for code in codes:
            if code in self._parent:
                tied[self._root(code)].append(code)
            else:
                alone.append(code)
        chunk: list[str] = []
        for group in (*tied.values(), *([code] for code in alone)):
            chunk += group
            if len(chunk) >= size:
                yield chunk
                chunk = []
        if chunk:
            yield chunk
