"""Divide whole grams so that the parts always sum to the whole."""

from collections.abc import Sequence


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` in proportion to `weights` by largest remainder, ties by position.

    Equal shares where all weights are zero. No part leaves its exact share by a whole gram, so
    scaling a vector down never raises a part, and scaling it up never lowers one.
    """
    if not weights:
        raise ValueError("nothing to divide among")
    if len(weights) == 1:
        return [total]
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    shares = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    missing = total - sum(shares)
    for i in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:missing]:
        shares[i] += 1
    return shares
