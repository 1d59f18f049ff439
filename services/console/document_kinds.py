"""The kinds of sales documents: what each is called, what follows from it, and what may be done to it.

The API decides; this is what the console offers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from console.i18n import N_

_ISSUED: Final = frozenset({"issued"})
_CONFIRMED: Final = frozenset({"confirmed"})


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind: its name, the kinds that it converts to and from which states, and its own actions with theirs."""

    label: str
    converts_to: tuple[str, ...] = ()
    converts_in: frozenset[str] = frozenset()
    actions: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def actions_in(self, state: str) -> list[str]:
        """The actions that a document in this state takes."""
        return [name for name, states in self.actions.items() if state in states]


KINDS: Final[Mapping[str, DocumentKind]] = {
    "sales_invoice": DocumentKind(N_("Invoice")),
    "sales_estimate": DocumentKind(
        N_("Estimate"),
        converts_to=("sales_order", "sales_proforma", "sales_invoice"),
        converts_in=frozenset({"accepted"}),
        actions={"accept": _ISSUED, "decline": _ISSUED, "expire": _ISSUED},
    ),
    "sales_order": DocumentKind(
        N_("Sales order"),
        converts_to=("sales_invoice",),
        converts_in=_CONFIRMED,
        actions={"close": _CONFIRMED, "cancel": _CONFIRMED},
    ),
    "sales_proforma": DocumentKind(
        N_("Proforma invoice"), converts_to=("sales_invoice",), converts_in=_ISSUED, actions={"expire": _ISSUED}
    ),
    "sales_receipt": DocumentKind(N_("Receipt")),
    "credit_note": DocumentKind(N_("Credit note")),
}
