"""Convert a line's charges and allowances to the one discount that our lines have; call within 120 digits.

What the allowances take off less what the charges add becomes a percentage where that gives the same amount, else an
amount, below 0 when the charges are more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from documents import gaps
from documents.document import Adjustment
from documents.element import Element

_AMOUNT_MAX: Final = Decimal("1E15")
_PERCENT_DIGITS: Final = Decimal("1E-6")
_CLOSE: Final = Decimal("0.0005")
_CENT: Final = Decimal("0.01")
_HUNDRED: Final = Decimal(100)
_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Change:
    """A charge or an allowance; `amount` is a percentage when `is_percent`.

    `percent` is what is stated beside an amount that it explains.
    """

    is_charge: bool
    amount: Decimal
    is_percent: bool
    percent: Decimal | None = None

    @property
    def signed(self) -> Decimal:
        """The amount as it changes the line."""
        return self.amount if self.is_charge else -self.amount


def change_of(
    element: Element,
    *,
    is_charge: bool,
    amount: Decimal | None,
    percent: Decimal | None,
    base: Decimal | None,
    amount_name: str,
) -> Change | None:
    """Make a change of an amount, else of a percentage (of its base amount where it has one)."""
    if amount is not None:
        explained = percent if base is not None and _explains(percent, base, amount) else None
        return Change(is_charge, amount, is_percent=False, percent=explained)
    if percent is None:
        element.warn(amount_name, "amount_missing", "is missing: the charge or allowance was left out")
        return None
    if base is None:
        return Change(is_charge, percent, is_percent=True)
    worked_out = (base * percent / _HUNDRED).quantize(gaps.PRICE_DIGITS).normalize() + 0
    return Change(is_charge, worked_out, is_percent=False)


def _explains(percent: Decimal | None, base: Decimal, amount: Decimal) -> bool:
    return percent is not None and abs(base * percent / _HUNDRED - amount) <= _CENT


def undo(changes: Sequence[Change], total: Decimal | None) -> Decimal | None:
    """Return what a line of this total came to before charges and allowances stated as amounts."""
    return None if total is None else total - sum(change.signed for change in changes if not change.is_percent)


def discount_of(
    line: Element, name: str, changes: Sequence[Change], full: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    """Bring a line's allowances less its charges to (percent, None) where that is exact, else (None, amount)."""
    allowed = _ZERO
    for change in changes:
        amount = full * change.amount / _HUNDRED if change.is_percent else change.amount
        allowed += -amount if change.is_charge else amount
    if not allowed:
        return None, None
    if abs(allowed) >= _AMOUNT_MAX:
        line.refuse(name, "makes an amount beyond what can be read")
        return None, None
    if (stated := _stated_percent(changes, full)) is not None:
        return gaps.plain(stated), None
    percent = (allowed * _HUNDRED / full).quantize(_PERCENT_DIGITS) if full and abs(allowed) <= abs(full) else -_ONE
    if percent >= 0 and abs(full * percent / _HUNDRED - allowed) < _CLOSE:
        return gaps.plain(percent), None
    return None, gaps.plain(allowed.quantize(gaps.PRICE_DIGITS))


def _stated_percent(changes: Sequence[Change], full: Decimal) -> Decimal | None:
    """The percentage of a line's only allowance, where it explains the amount also of this line's own price."""
    if len(changes) != 1 or changes[0].is_charge or changes[0].percent is None or changes[0].percent < 0:
        return None
    return changes[0].percent if _explains(changes[0].percent, full, changes[0].amount) else None


def adjustment_of(change: Change, reason: str | None) -> Adjustment:
    """Make a charge or discount of the whole document of a change."""
    return Adjustment(
        type="charge" if change.is_charge else "discount",
        mode="pct" if change.is_percent else "amount",
        amount=change.amount,
        description=reason,
    )
