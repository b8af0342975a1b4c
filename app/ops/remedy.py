"""What a problem means to a person."""

from typing import NamedTuple


class Remedy(NamedTuple):
    """When a problem is met (什么时候会遇到), and what to do (怎么办)."""

    when: str
    advice: str
