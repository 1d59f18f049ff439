"""Share charges, discounts and shipping of a whole document out over its tax categories, to the stored sums.

EN 16931 wants a tax category on each; our documents keep what each comes to, and what each category comes to. The
ledger's own shares lie between both: all but the largest are split by the lines' sums, and the largest takes the rest
of each category, so that every stored sum holds to the last unit.
"""

from __future__ import annotations

from collections.abc import Sequence


def shared(amounts: Sequence[int], rests: Sequence[int], weights: Sequence[int]) -> list[list[int]]:
    """Return for each amount its share of each category; `rests` are what the categories hold besides their lines.

    All in minor units; the sum of `amounts` is the sum of `rests`. `weights` below 0 count as 0.
    """
    if not amounts:
        return []
    largest = max(range(len(amounts)), key=lambda index: abs(amounts[index]))
    left = list(rests)
    shares: list[list[int]] = [[] for _ in amounts]
    for index, amount in enumerate(amounts):
        if index != largest:
            shares[index] = _split(amount, [max(weight, 0) for weight in weights])
            left = [have - share for have, share in zip(left, shares[index], strict=True)]
    shares[largest] = left
    return shares


def _split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split by largest remainder; all to the first where nothing has a weight."""
    whole = sum(weights)
    if not whole:
        return [amount, *[0] * (len(weights) - 1)]
    sign, size = (-1, -amount) if amount < 0 else (1, amount)
    parts = [size * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -(size * weights[index] % whole))
    for index in by_remainder[: size - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]
