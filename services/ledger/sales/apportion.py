"""Distribute whole amounts without losing a unit: the arithmetic of `ledger.sales.amounts`."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest


def half_up(numerator: int, denominator: int) -> int:
    """Round numerator / denominator (above 0) to a whole number; a half goes away from zero."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -rounded if numerator < 0 else rounded


def round_to_total(numerators: Sequence[int], denominator: int, total: int) -> list[int]:
    """Round each numerator / denominator down or up so that together they are `total`: the largest remainders go up.

    Among equal remainders the earlier goes up. `total` must be the sum of the exact shares, rounded either way.
    Whole shares are unchanged.
    """
    if abs(total * denominator - sum(numerators)) >= denominator:
        raise ValueError("the total is not the rounded sum of the shares")
    parts = [divmod(numerator, denominator) for numerator in numerators]
    whole = [quotient for quotient, _ in parts]
    rest = total - sum(whole)
    for index in nsmallest(rest, range(len(parts)), key=lambda index: (-parts[index][1], index)):
        whole[index] += 1
    return whole


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights by largest remainder; the parts add up to it exactly.

    Where the weights add up to nothing, the first takes all. There must be at least one weight.
    """
    weight_total = sum(weights)
    if weight_total == 0:
        return [amount, *[0] * (len(weights) - 1)]
    turn = -1 if weight_total < 0 else 1
    shares = round_to_total([abs(amount) * weight * turn for weight in weights], abs(weight_total), abs(amount))
    return [-share for share in shares] if amount < 0 else shares
