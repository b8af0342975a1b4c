"""Words found in a text, marked without a mark-up: pieces that a template sets. Pure."""

from collections.abc import Sequence
from itertools import groupby

from app.plan.search import folded


def marked(text: str, words: Sequence[str]) -> list[tuple[str, bool]]:
    """Return the text in pieces, each with whether it is one of the words; joined they are it.

    Words are folded (`search.folded`): ８５％ is found by 85%.
    """
    low, at = "", []
    for place, character in enumerate(text):
        narrow = folded(character)
        low += narrow
        at += [place] * len(narrow)
    hit: set[int] = set()
    for word in words:
        start = low.find(word)
        while word and start >= 0:
            hit.update(at[start : start + len(word)])
            start = low.find(word, start + 1)
    runs = groupby(range(len(text)), key=hit.__contains__)
    return [("".join(text[i] for i in run), found) for found, run in runs]
